// SPDX-License-Identifier: Apache-2.0
#include "common/config/exempt_logins.h"

namespace together {

std::vector<std::string> resolve_exempt_logins(Config& config, NodeAccounts& accounts) {
    std::vector<std::string> problems;
    for (const auto& login : config.exempt_logins) {
        if (login == "root") continue;  // always exempt, whatever the name service says of it
        const auto uid = accounts.uid_of(login);
        if (!uid)
            problems.push_back("exempt_users: " + uid.error().message);
        else if (!*uid)
            problems.push_back("exempt_users: there is no account " + login);
        else
            config.exempt_uids.push_back(**uid);
    }
    return problems;
}

}  // namespace together
