// SPDX-License-Identifier: Apache-2.0
// The accounts and groups that the roster gives this node, as they stand on the disk, and who has
// none and why.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/accounts/derivation.h"
#include "common/node_config/node_config.h"
#include "common/roster/snapshot.h"

namespace together::ctl {

struct AccountsState {
    std::string path;
    std::string problem;  // why there are none to be used; then the rest is empty
    std::string unknown;  // why nobody can tell who has none, and the groups; else empty
    together::Accounts accounts;
    std::string group;         // the name of the project's, whether this node has it or not
    bool is_current = false;   // they were derived from the roster that stands here
    std::int64_t changed = 0;  // when they did last, by CLOCK_REALTIME, nanoseconds
    std::uint32_t without_when_written = 0;
};

// Nobody new gets an id here (derivation.h: every_id).
bool lost_whom_it_had();

// Reads all of accounts.v1 once, to be sure of it. `without` and the groups are derived anew, from
// the roster and this node's files as they are now; without a roster they are empty.
AccountsState look_at_accounts(const together::NodeConfig& config,
                               const together::Snapshot* roster);

// "nora: the authority gives no uid; …", the first few.
inline constexpr std::size_t max_named = 3;
std::string first_names(const std::vector<together::WithoutAccount>& without);

}  // namespace together::ctl
