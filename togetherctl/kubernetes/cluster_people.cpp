// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/kubernetes/cluster_people.h"

#include "common/decision/emergency.h"
#include "common/decision/explanation.h"
#include "common/decision/gate.h"

namespace together::ctl {

using namespace together;

Result<ClusterPeople> cluster_people(const AuthorizerConfig& config) {
    // As the gate has it: before anything of the roster, and before admissions.
    if (lockdown_in_force(config.folder())) return ClusterPeople{};
    SystemClock clock;
    SystemAccounts accounts;
    NoRefresher refresher;
    const auto roster = open_roster(config, clock);
    if (!roster) return failure(roster.error().message);
    if (!config.within_stale_for(roster->age.at_least))
        return failure("the roster is older than stale_for: it decides nothing");
    Gate gate(Result<Config>(config), clock, accounts, refresher);
    ClusterPeople people;
    std::string problem;
    const bool intact = roster->snapshot.for_each([&](const RosterEntry& entry) {
        const auto decision =
            gate.decide({Subject::of_name(entry.login), Action::kubernetes_run, false});
        if (verdict_of(decision.reason) == Verdict::unavailable)
            problem = message_for_user(decision);
        if (decision.reason != Reason::role_permits) return;
        (decision.role == Role::admin ? people.admins : people.members).insert(entry.login);
    });
    if (!intact) return failure("the roster is damaged");
    if (!problem.empty()) return failure(problem);
    return people;
}

}  // namespace together::ctl
