// SPDX-License-Identifier: Apache-2.0
// togetherctl disable: takes the gate away again.
#include <unistd.h>

#include <array>

#include "cli/command_line.h"
#include "cli/output.h"
#include "cli/printable.h"
#include "togetherctl/commands/verbs.h"
#include "togetherctl/enabling/edit_report.h"
#include "togetherctl/enabling/gate_target.h"

namespace together::ctl {
namespace {

ExitStatus exit_status_of(const Plan& plan, const CarriedOut& result) {
    if (result.how == Carried::not_out) return exit_cannot_tell;
    return result.how == Carried::out && plan.problems.empty() ? exit_yes : exit_no;
}

int run(const CommandLine& line, Output& output) {
    const auto target = gate_target_named(line.operand());
    if (!target)
        return output.fail("disable: unknown target " + in_quotes(line.operand()) + "; there are " +
                           gate_target_names);
    const bool dry_run = line.has("dry-run");
    if (!dry_run && ::geteuid() != 0) return output.fail("disable: needs root");
    const auto plan = plan_disable(line, *target);
    if (!plan) return output.fail("disable: " + plan.error().message);
    const auto result = dry_run ? CarriedOut{} : carry_out(*plan, false);
    if (output.json()) {
        auto json = json_of(*plan);
        json["changed"] = !result.done.empty();
        json["managed_elsewhere"] = result.how == Carried::elsewhere;
        for (const auto& warning : result.warnings) json["notes"].append(warning);
        json["problems"] = Json::arrayValue;
        for (const auto& problem : plan->problems) json["problems"].append(problem);
        output.document(json);
    } else {
        show_plan(*plan, output);
        show(*plan, result, output);
        if (dry_run) output.line("Nothing was changed (--dry-run).");
    }
    if (!result.problem.empty()) Output::complain("disable: " + result.problem);
    for (const auto& problem : plan->problems) Output::complain("disable: " + problem);
    return exit_status_of(*plan, result);
}

constexpr std::array<Option, 2> options = {{
    {"dry-run", "", "show the change, make none"},
    {"file", "PATH", "another service file, slurm.conf, nsswitch.conf or sshd_config"},
}};

constexpr std::array<Status, 3> statuses = {{
    {"0", "nothing of the gate stands there"},
    {"1", "lines that were written by hand are in force, or the file is managed by something else"},
    {"2", "not done: not possible, or wrong usage; what was changed is named"},
}};

}  // namespace

constinit const Verb disable_verb = {
    .name = "disable",
    .operand = "ssh|sudo|su|cron|slurm|homes|accounts|keys",
    .summary = "take the gate out again",
    .about =
        "Takes out what togetherctl enable wrote, and nothing else: the file is byte for byte\n"
        "as it was, unless it was changed meanwhile. Lines that somebody wrote by hand stay,\n"
        "and are named.",
    .options = options,
    .statuses = statuses,
    .example = "togetherctl disable ssh --dry-run",
    .run = run,
};

}  // namespace together::ctl
