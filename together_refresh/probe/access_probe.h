// SPDX-License-Identifier: Apache-2.0
// What --check-access has the unprivileged child do: it asks the authority who this node's token is
// (/whoami) and for one entry of the roster, and reports what that tells (access_finding.h).
#pragma once

#include <functional>

#include "common/node_config/node_config.h"
#include "together_refresh/probe/access_finding.h"
#include "together_refresh/source/fetch.h"

namespace together {

using AccessReport = std::function<void(AccessFinding)>;

// Ends by the request's deadline.
void probe_access(const NodeConfig& config, const FetchRequest& request,
                  const AccessReport& report);

}  // namespace together
