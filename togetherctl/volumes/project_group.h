// SPDX-License-Identifier: Apache-2.0
// The groups of the project as this node has them.
#pragma once

#include <sys/types.h>

#include <string>

#include "common/node_config/node_config.h"
#include "common/system/result.h"

namespace together::ctl {

struct ProjectGroup {
    std::string name;
    gid_t gid = 0;
};

// Of all collaborators, or of the Admins. Asks the name service. Where the roster gives this node
// its groups, no other of that name will do; else it is the operators' own of the name that they
// wrote.
together::Result<ProjectGroup> project_group(const together::NodeConfig& config, bool of_admins);

}  // namespace together::ctl
