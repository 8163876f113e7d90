#include "client_check.h"

#include <unistd.h>

#include "exempt_logins.h"
#include "explanation.h"
#include "gate.h"

namespace together {
namespace {

bool is_sure(const Decision& decision) {
    return decision.verdict == Verdict::deny &&
           (decision.evidence == Evidence::fresh || decision.reason == Reason::lockdown);
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
    if (!is_sure(decision)) return 0;
    ::slurm_error("%s", message_for_user(decision).c_str());
    return -1;
}

}  // namespace together
