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

// What keeps it from being done; empty where nothing does.
std::vector<std::string> obstacles(const Plan& plan, bool force) {
    std::vector<std::string> list;
    for (const auto& lockout : plan.lockouts)
        if (!force) list.push_back(lockout + " (--force does it all the same)");
    return list;
}

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
    const auto obstacles_now = obstacles(*plan, line.has("force"));
    const bool not_done = dry_run || !obstacles_now.empty();
    const auto result = not_done ? CarriedOut{} : carry_out(*plan, false);
    if (output.json()) {
        auto json = json_of(*plan);
        json["changed"] = !result.done.empty();
        json["managed_elsewhere"] = result.how == Carried::elsewhere;
        for (const auto& warning : result.warnings) json["notes"].append(warning);
        json["problems"] = Json::arrayValue;
        for (const auto* some : {&obstacles_now, &plan->problems})
            for (const auto& problem : *some) json["problems"].append(problem);
        output.document(json);
    } else {
        show_plan(*plan, output);
        show(*plan, result, output);
        if (not_done)
            output.line(dry_run ? "Nothing was changed (--dry-run)." : "Nothing was changed.");
    }
    if (!result.problem.empty()) Output::complain("disable: " + result.problem);
    for (const auto* some : {&obstacles_now, &plan->problems})
        for (const auto& problem : *some) Output::complain("disable: " + problem);
    if (!obstacles_now.empty()) return exit_cannot_tell;
    return exit_status_of(*plan, result);
}

constexpr std::array<Option, 3> options = {{
    {"dry-run", "", "show the change, make none"},
    {"force", "", "even where you would be locked out"},
    {"file", "PATH", "another service file, slurm.conf, nsswitch.conf or sshd_config"},
}};

constexpr std::array<Status, 3> statuses = {{
    {"0", "nothing of the gate stands there"},
    {"1", "lines that were written by hand are in force, or the file is managed by something else"},
    {"2", "not done: not safe, not possible, or wrong usage; what was changed is named"},
}};

}  // namespace

constinit const Verb disable_verb = {
    .name = "disable",
    .operand = "ssh|sudo|su|cron|slurm|homes|accounts|keys",
    .summary = "take the gate out again",
    .about =
        "Takes out what togetherctl enable wrote, and nothing else: the file is byte for byte\n"
        "as it was, unless it was changed meanwhile. Lines that somebody wrote by hand stay,\n"
        "and are named. Refuses where you would be locked out: your account or your only keys\n"
        "are the roster's.",
    .options = options,
    .statuses = statuses,
    .example = "togetherctl disable ssh --dry-run",
    .run = run,
};

}  // namespace together::ctl
