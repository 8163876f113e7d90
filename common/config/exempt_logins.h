// SPDX-License-Identifier: Apache-2.0
// Who knows users by uid (Slurm) needs the uids of [gate] exempt_users.
#pragma once

#include <string>
#include <vector>

#include "common/config/config.h"
#include "common/system/node_accounts.h"

namespace together {

// Adds the uids of the exempt logins to config.exempt_uids; returns a sentence for each login that
// has none. Blocks as long as the name service does: never call it under somebody's locks.
std::vector<std::string> resolve_exempt_logins(Config& config, NodeAccounts& accounts);

}  // namespace together
