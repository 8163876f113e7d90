// SPDX-License-Identifier: Apache-2.0
// togetherctl check: the gate's answer as an exit status.
#include <array>

#include "cli/command_line.h"
#include "cli/output.h"
#include "common/decision/explanation.h"
#include "togetherctl/commands/verbs.h"
#include "togetherctl/node/decision_json.h"
#include "togetherctl/node/gate_answer.h"

namespace together::ctl {
namespace {

using namespace together;

ExitStatus exit_status_of(Verdict verdict) {
    switch (verdict) {
        case Verdict::allow:
            return exit_yes;
        case Verdict::deny:
            return exit_no;
        case Verdict::unavailable:
            break;
    }
    return exit_cannot_tell;
}

void show(const GateAnswer& answer, Output& output) {
    const Decision& d = answer.decision;
    output.line(std::string(name_of(d.verdict)) + ": " + subject_of(d) + ", " +
                    std::string(permission(d.action).name) + ": " + row_of(d),
                d.allowed() ? Tone::good : Tone::bad);
    if (d.would)
        output.line(
            "OBSERVE MODE: nobody is refused. In enforce mode: " + std::string(name_of(*d.would)),
            Tone::warning);
    const auto message = message_for_user(answer.enforced());
    if (!message.empty()) output.line(message);
    if (d.verdict != Verdict::deny && !d.detail.empty()) output.line("Detail: " + d.detail);
    if (!d.refresh_problem.empty()) output.line("Refresh: " + d.refresh_problem);
    if (answer.could_not_ask())
        output.line("Note: " + std::string(could_not_ask_text), Tone::warning);
}

int run(const CommandLine& line, Output& output) {
    const auto answer = ask_gate(line, line.has("require-admin"));
    if (!answer) return output.fail("check: " + answer.error().message);
    if (output.json())
        output.document(json_of(*answer));
    else
        show(*answer, output);
    return exit_status_of(answer->decision.verdict);
}

constexpr std::array<Option, 3> options = {{
    {"action", "ACTION", "what is asked for (default: ssh.login; see togetherctl permissions)"},
    {"uid", "UID", "ask for a uid instead of a login, as Slurm does"},
    {"require-admin", "", "deny any role but admin, as pam_together's require=admin does"},
}};

constexpr std::array<Status, 3> statuses = {{
    {"0", "allow (in observe mode always, unless the configuration is wrong)"},
    {"1", "deny"},
    {"2", "cannot tell, or wrong usage"},
}};

}  // namespace

constinit const Verb check_verb = {
    .name = "check",
    .operand = "[LOGIN]",
    .summary = "may LOGIN in? answers with the exit status",
    .about =
        "Asks the gate whether LOGIN may do ACTION on this node. As root, a newer roster is\n"
        "asked for where the one that stands here is too old, as sshd does.",
    .options = options,
    .statuses = statuses,
    .example = "togetherctl check alice --action slurm.submit",
    .run = run,
};

}  // namespace together::ctl
