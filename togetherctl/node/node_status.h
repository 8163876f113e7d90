// SPDX-License-Identifier: Apache-2.0
// What status tells of this node, as data.
#pragma once

#include <json/value.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/decision/emergency.h"
#include "common/node_config/node_config.h"
#include "common/roster/last_attempt.h"
#include "common/roster/leavers.h"
#include "togetherctl/node/roster_state.h"

namespace together::ctl {

struct AccountsState;

Json::Value json_of(const together::Admission& admission);

struct NodeStatus {
    together::NodeConfig config;
    together::Moment now;
    RosterState roster;
    std::optional<std::string> lockdown;
    std::vector<together::Admission> admissions;  // in force
    std::vector<std::string> problems;            // malformed admissions
    std::vector<together::Leaver> leavers;        // of on_removal, while something is to be done
    std::optional<together::LastAttempt> last_attempt;
    std::shared_ptr<const AccountsState> accounts;  // null where they are off
    std::optional<std::int64_t> dropped_log_lines;  // nothing where this user may not know
    std::string log_problem;     // why decisions may be logged nowhere; else empty
    bool lost_accounts = false;  // nobody new gets one, for whom there was is not known
};

// Asks nobody and changes nothing.
NodeStatus look_at_node(const together::NodeConfig& config);

Json::Value json_of(const NodeStatus& status);

}  // namespace together::ctl
