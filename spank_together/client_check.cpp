// SPDX-License-Identifier: Apache-2.0
#include "spank_together/client_check.h"

#include <unistd.h>

#include "common/config/exempt_logins.h"
#include "common/decision/explanation.h"
#include "common/decision/gate.h"

namespace together {
namespace {

// No refresh could change it: an absent name is sure for no longer than recheck_after.
bool is_sure(const Decision& decision, const Config& config) {
    if (decision.verdict != Verdict::deny) return false;
    if (decision.reason == Reason::lockdown) return true;
    const bool absent = decision.reason == Reason::not_a_collaborator;
    return decision.evidence == Evidence::fresh &&
           (!absent || (decision.age && *decision.age <= config.recheck_after));
}

}  // namespace

int check_client(const SpankArguments& arguments) {
    const uid_t uid = ::getuid();
    if (uid == 0 || !arguments.problem.empty()) return 0;
    auto config = load_config(arguments.config_path);
    if (!config) return 0;
    SystemAccounts accounts;
    resolve_exempt_logins(*config, accounts);
    SystemClock clock;
    NoRefresher refresher;
    Gate gate(std::move(config), clock, accounts, refresher);
    const Decision decision = gate.decide({Subject::of_uid(uid), Action::slurm_submit, false});
    if (!is_sure(decision, *gate.config())) return 0;
    ::slurm_error("%s", message_for_user(decision).c_str());
    return -1;
}

}  // namespace together
