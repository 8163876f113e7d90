// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/node/gate_answer.h"

#include <unistd.h>

#include <chrono>

#include "cli/printable.h"
#include "common/on_demand/on_demand.h"
#include "common/roles/identifiers.h"
#include "common/system/uids.h"

namespace together::ctl {
namespace {

using namespace together;

Result<Action> action_of(const CommandLine& line) {
    const auto name = line.value("action");
    if (!name) return Action::ssh_login;
    const auto action = action_named(*name);
    if (!action)
        return failure("unknown action " + in_quotes(*name) + " (see togetherctl permissions)");
    if (permission(*action).level == Level::organization)
        return failure("the action " + *name +
                       " depends on the role in the organization, and a node knows only those in "
                       "its project");
    return *action;
}

// Of an account of this node; the doors of all other actions know a name alone.
bool needs_account(Action action) {
    return action == Action::ssh_login || action == Action::slurm_submit ||
           action == Action::volumes_use;
}

// PAM asks for a login, Slurm for a uid, together-authorizer for a name.
Result<Subject> subject_of(const CommandLine& line, Action action) {
    const auto text = line.value("uid");
    if (!text && line.operand().empty())
        return failure("LOGIN is missing, or --uid UID (see togetherctl " +
                       std::string(line.verb()->name) + " --help)");
    if (!text)
        return needs_account(action) ? Subject::of_login(line.operand())
                                     : Subject::of_name(line.operand());
    if (!line.operand().empty()) return failure("LOGIN and --uid exclude each other");
    const auto uid = parse_uid(*text);
    if (!uid) return failure("no uid: " + in_quotes(*text));
    return Subject::of_uid(*uid);
}

}  // namespace

bool GateAnswer::could_not_ask() const {
    const bool not_good_enough =
        decision.evidence == Evidence::old || decision.reason == Reason::no_roster;
    return not_good_enough && !decision.asked;
}

Decision GateAnswer::enforced() const {
    Decision copy = decision;
    copy.verdict = decision.would.value_or(decision.verdict);
    return copy;
}

std::string_view GateAnswer::pam_answer() const {
    switch (decision.verdict) {
        case Verdict::allow:
            return decision.observing ? "PAM_IGNORE" : "PAM_SUCCESS";
        case Verdict::deny:
            return "PAM_PERM_DENIED";
        case Verdict::unavailable:
            break;
    }
    return "PAM_AUTHINFO_UNAVAIL";
}

Result<GateAnswer> ask_gate(const CommandLine& line, bool require_admin) {
    const auto action = action_of(line);
    if (!action) return tl::make_unexpected(action.error());
    auto subject = subject_of(line, *action);
    if (!subject) return tl::make_unexpected(subject.error());

    const auto started = std::chrono::steady_clock::now();
    SystemClock clock;
    SystemAccounts accounts;
    OnDemandRefresher on_demand(clock);
    NoRefresher none;
    Refresher& refresher =
        may_refresh() ? static_cast<Refresher&>(on_demand) : static_cast<Refresher&>(none);
    Gate gate(load_config(line.config_path()), clock, accounts, refresher);
    Decision decision = gate.decide({*std::move(subject), *action, require_admin});
    const auto took = std::chrono::steady_clock::now() - started;

    const CallOrigin origin{"togetherctl", "", ::getpid(),
                            std::chrono::duration_cast<std::chrono::microseconds>(took).count()};
    return GateAnswer{std::move(decision), origin, gate.config()};
}

}  // namespace together::ctl
