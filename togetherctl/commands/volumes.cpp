// SPDX-License-Identifier: Apache-2.0
// togetherctl volumes: whether the project's people can share files in its volumes, and nobody
// else.
#include <unistd.h>

#include <algorithm>
#include <array>

#include "cli/command_line.h"
#include "cli/output.h"
#include "togetherctl/commands/verbs.h"
#include "togetherctl/volumes/project_group.h"
#include "togetherctl/volumes/volume_state.h"

namespace together::ctl {
namespace {

using namespace together;

struct VolumeReport {
    const VolumeConfig& volume;
    std::string group;
    std::string problem;  // why it could not be looked at, or changed
    std::vector<VolumeFinding> findings;
    bool changed = false;

    // That a file system has no lists is told: setgid alone is all that it can have.
    bool good() const {
        return problem.empty() &&
               std::all_of(findings.begin(), findings.end(),
                           [](const auto& one) { return one.fault == VolumeFault::no_lists; });
    }
};

void show_changes(const VolumeReport& report, Output& output) {
    for (const auto& finding : report.findings)
        if (!finding.change.empty())
            output.line(report.volume.path + ": " + finding.what + " -> " + finding.change,
                        Tone::strong);
}

Result<void> change(const VolumeFolder& folder, gid_t gid, VolumeReport& report) {
    for (const auto& finding : report.findings) {
        if (finding.change.empty()) continue;
        if (auto done = folder.change(finding, report.volume, gid); !done) return done;
        report.changed = true;
    }
    if (!report.changed) return {};
    auto left = folder.look(report.volume, gid, report.group);
    if (!left) return tl::make_unexpected(left.error());
    report.findings = *std::move(left);
    return {};
}

VolumeReport report_on(const NodeConfig& config, const VolumeConfig& volume, bool apply,
                       Output& output) {
    VolumeReport report{volume, {}, {}, {}};
    const auto group = project_group(config, volume.for_admins);
    const auto folder = VolumeFolder::open(volume.path);
    if (group) report.group = group->name;
    if (!group || !folder) {
        report.problem = group ? folder.error().message : group.error().message;
        return report;
    }
    auto findings = folder->look(volume, group->gid, group->name);
    if (!findings) {
        report.problem = findings.error().message;
        return report;
    }
    report.findings = *std::move(findings);
    if (!apply) return report;
    if (!output.json()) show_changes(report, output);
    if (const auto done = change(*folder, group->gid, report); !done)
        report.problem = done.error().message;
    return report;
}

void show(const VolumeReport& report, Output& output) {
    const auto name = report.volume.path + " (" + report.volume.name + "): ";
    if (!report.problem.empty()) return output.line(name + report.problem, Tone::bad);
    if (report.good())
        output.line(name + (report.changed ? "changed, " : "") +
                        (report.volume.for_admins ? "the Admins' (" : "the project's (") +
                        report.group + ")",
                    Tone::good);
    for (const auto& finding : report.findings)
        output.line(name + finding.what + "; " +
                        (finding.change.empty() ? finding.fix
                                                : "togetherctl volumes --apply: " + finding.change),
                    Tone::warning);
}

Json::Value json_of(const VolumeReport& report) {
    Json::Value json;
    json["name"] = report.volume.name;
    json["path"] = report.volume.path;
    json["group"] = report.group.empty() ? Json::Value() : Json::Value(report.group);
    json["good"] = report.good();
    json["changed"] = report.changed;
    json["problem"] = report.problem.empty() ? Json::Value() : Json::Value(report.problem);
    json["findings"] = Json::arrayValue;
    for (const auto& finding : report.findings) {
        Json::Value one;
        one["what"] = finding.what;
        one["change"] = finding.change.empty() ? Json::Value() : Json::Value(finding.change);
        one["fix"] = finding.fix.empty() ? Json::Value() : Json::Value(finding.fix);
        json["findings"].append(one);
    }
    return json;
}

ExitStatus exit_status_of(const std::vector<VolumeReport>& reports) {
    const auto has_problem = [](const auto& report) { return !report.problem.empty(); };
    const auto is_good = [](const auto& report) { return report.good(); };
    if (std::any_of(reports.begin(), reports.end(), has_problem)) return exit_cannot_tell;
    return std::all_of(reports.begin(), reports.end(), is_good) ? exit_yes : exit_no;
}

int run(const CommandLine& line, Output& output) {
    const bool apply = line.has("apply");
    if (apply && ::geteuid() != 0) return output.fail("volumes: --apply needs root");
    const auto config = load_node_config(line.config_path());
    if (!config) return output.fail(config.error().message);
    Json::Value json;
    json["volumes"] = Json::arrayValue;
    std::vector<VolumeReport> reports;
    for (const auto& volume : config->volumes) {
        reports.push_back(report_on(*config, volume, apply, output));
        json["volumes"].append(json_of(reports.back()));
        if (!output.json()) show(reports.back(), output);
    }
    if (output.json())
        output.document(json);
    else if (reports.empty())
        output.line("There is no [volume \"NAME\"] in " + config->path + ".");
    return exit_status_of(reports);
}

constexpr std::array<Option, 1> options = {{
    {"apply", "", "change the folders themselves, and nothing that is in them"},
}};

constexpr std::array<Status, 3> statuses = {{
    {"0", "all volumes are as they should be, or are now"},
    {"1", "one is not; what to do is named"},
    {"2", "of one nobody can tell, or it could not be changed, or wrong usage"},
}};

}  // namespace

constinit const Verb volumes_verb = {
    .name = "volumes",
    .operand = "",
    .summary = "whether the project's people can share files in its volumes",
    .about =
        "Looks at each [volume \"NAME\"] of the configuration: something is mounted there, with\n"
        "nosuid,nodev; its folder is root's and the project's group's, 2770 (sticky: 3770), and\n"
        "gives new files the access list u::rwx,g::rwx,o::---, so that collaborators share them\n"
        "whatever their umask. --apply shows each change before it makes it; follows no link,\n"
        "and changes nothing that is in the folder.",
    .options = options,
    .statuses = statuses,
    .example = "togetherctl volumes",
    .run = run,
};

}  // namespace together::ctl
