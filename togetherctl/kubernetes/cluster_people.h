// SPDX-License-Identifier: Apache-2.0
// Whom the gate lets work in the cluster, of all who are on this node's roster.
#pragma once

#include "common/node_config/node_config.h"
#include "togetherctl/kubernetes/rbac_objects.h"

namespace together::ctl {

// Fails where nobody can tell: an empty list would take everybody's rights. A lockdown is an
// answer, whatever the roster is, and lets in nobody. Asks the gate about each of them; never
// refreshes.
together::Result<ClusterPeople> cluster_people(const together::AuthorizerConfig& config);

}  // namespace together::ctl
