// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/count/decision_tally.h"

#include <algorithm>
#include <optional>

#include "common/decision/decision.h"
#include "common/decision/log_fields.h"
#include "common/roles/permissions.h"
#include "common/system/parse_number.h"

namespace together {
namespace {

bool is_verdict(std::string_view name) {
    return name == name_of(Verdict::allow) || name == name_of(Verdict::deny) ||
           name == name_of(Verdict::unavailable);
}

bool is_reason(std::string_view name) {
    const auto rows = reasons();
    return std::any_of(rows.begin(), rows.end(),
                       [&](const ReasonRow& row) { return std::string_view(row.name) == name; });
}

// For how many decisions a line stands. Of 32 bits, so that none lets a count run over.
std::optional<std::uint32_t> times_of(std::string_view line) {
    const auto times = field_in(line, "times");
    return times.empty() ? 1 : parse_number<std::uint32_t>(times);
}

}  // namespace

// Of our own words alone: a sender can neither make up series nor leave a label.
bool DecisionTally::add(std::string_view line) {
    std::array<std::string, 3> key;
    constexpr std::array<std::string_view, 3> names = {"action", "verdict", "reason"};
    for (const auto& [name, value] : fields_in(line))
        for (std::size_t i = 0; i < names.size(); ++i)
            if (name == names[i] && key[i].empty()) key[i] = value;
    const auto times = times_of(line);
    if (!action_named(key[0]) || !is_verdict(key[1]) || !is_reason(key[2]) || !times) {
        ++malformed_;
        return false;
    }
    counts_[std::move(key)] += *times;
    return true;
}

std::string DecisionTally::text() const {
    std::string text =
        "# HELP together_decisions_total Answers given at this node's doors, since the watcher "
        "started.\n"
        "# TYPE together_decisions_total counter\n";
    for (const auto& [key, count] : counts_)
        text += "together_decisions_total{action=\"" + key[0] + "\",verdict=\"" + key[1] +
                "\",reason=\"" + key[2] + "\"} " + std::to_string(count) + "\n";
    return text +
           "# HELP together_decisions_malformed_total Datagrams that were no decision.\n"
           "# TYPE together_decisions_malformed_total counter\n"
           "together_decisions_malformed_total " +
           std::to_string(malformed_) + "\n";
}

}  // namespace together
