// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/doctor/findings.h"

#include <algorithm>
#include <array>

namespace together::ctl {
namespace {

struct Shown {
    std::string_view name;
    std::string_view word;
    std::string_view summary;  // as monitoring knows it
    Tone tone;
};
// In the order of Severity.
constexpr std::array<Shown, 4> severities = {{
    {"ok", "ok  ", "OK", Tone::good},
    {"information", "info", "OK", Tone::plain},
    {"warning", "WARN", "WARNING", Tone::warning},
    {"failure", "FAIL", "CRITICAL", Tone::bad},
}};

const Shown& shown(Severity severity) {
    return severities[static_cast<std::size_t>(severity)];
}

std::string counted(std::size_t number, const std::string& what) {
    return std::to_string(number) + " " + what + (number == 1 ? "" : "s");
}

bool is_listed(std::string_view list, std::string_view name) {
    while (true) {
        const auto comma = list.find(',');
        if (list.substr(0, comma) == name) return true;
        if (comma == list.npos) return false;
        list.remove_prefix(comma + 1);
    }
}

}  // namespace

void Findings::ok(std::string check, std::string what) {
    add({std::move(check), Severity::ok, std::move(what), {}, {}});
}

void Findings::tell(std::string check, std::string what) {
    add({std::move(check), Severity::information, std::move(what), {}, {}});
}

void Findings::warn(std::string check, std::string what, std::string why, std::string fix) {
    add({std::move(check), Severity::warning, std::move(what), std::move(why), std::move(fix)});
}

void Findings::fail(std::string check, std::string what, std::string why, std::string fix) {
    add({std::move(check), Severity::failure, std::move(what), std::move(why), std::move(fix)});
}

void Findings::accept(const std::string& checks) {
    for (auto& finding : all_) {
        if (finding.severity < Severity::warning || !is_listed(checks, finding.check)) continue;
        finding.severity = Severity::information;
        finding.what = "accepted: " + finding.what;
        finding.why.clear();
        finding.fix.clear();
    }
}

std::size_t Findings::how_many(Severity severity) const {
    return static_cast<std::size_t>(std::count_if(
        all_.begin(), all_.end(), [&](const Finding& f) { return f.severity == severity; }));
}

Severity Findings::worst() const {
    Severity worst = Severity::ok;
    for (const auto& finding : all_) worst = std::max(worst, finding.severity);
    return worst;
}

// The summary first: monitoring shows the first line.
void Findings::show(Output& output) const {
    const auto& summary = shown(worst());
    output.line(std::string(summary.summary) + ": " +
                    counted(how_many(Severity::failure), "failure") + ", " +
                    counted(how_many(Severity::warning), "warning") + ", " +
                    counted(all_.size(), "check"),
                summary.tone);
    std::size_t width = 0;
    for (const auto& finding : all_) width = std::max(width, finding.check.size());
    for (const auto& finding : all_) {
        std::string line = std::string(shown(finding.severity).word) + "  " + finding.check +
                           std::string(width - finding.check.size() + 2, ' ') + finding.what;
        if (!finding.why.empty()) line += "; " + finding.why;
        if (!finding.fix.empty()) line += "; fix: " + finding.fix;
        output.line(line, finding.severity >= Severity::warning ? shown(finding.severity).tone
                                                                : Tone::plain);
    }
}

Json::Value Findings::json() const {
    Json::Value all(Json::arrayValue);
    for (const auto& finding : all_) {
        Json::Value one;
        one["check"] = finding.check;
        one["result"] = std::string(shown(finding.severity).name);
        one["what"] = finding.what;
        one["why"] = finding.why.empty() ? Json::Value() : Json::Value(finding.why);
        one["fix"] = finding.fix.empty() ? Json::Value() : Json::Value(finding.fix);
        all.append(one);
    }
    return all;
}

}  // namespace together::ctl
