// SPDX-License-Identifier: Apache-2.0
// together-refresh --api-check: what a node would think of an authority (togetherctl api-check).
// Writes nothing to the node's state.
#pragma once

#include "common/node_config/node_config.h"
#include "common/system/result.h"
#include "together_refresh/process/options.h"

namespace together {

// The node's configuration where there is one, with what the command line says instead.
Result<NodeConfig> config_for_api_check(const RefreshOptions& options);

// A line for each check on stdout: result, name, what came, what was expected, why it matters, with
// tabs between. Returns the exit status (probe/conformance.h), 2 with a message on stderr where it
// could not be tried.
int api_check(const RefreshOptions& options);

}  // namespace together
