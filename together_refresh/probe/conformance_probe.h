// SPDX-License-Identifier: Apache-2.0
// What api-check has the unprivileged child do: it asks the authority, and reports what a node
// would think of each answer (judge_answers.h, judge_roster.h).
#pragma once

#include <functional>

#include "common/node_config/node_config.h"
#include "together_refresh/probe/conformance.h"
#include "together_refresh/source/fetch.h"

namespace together {

using ConformanceReport = std::function<void(ConformanceResult)>;

// Ends by the request's deadline. Reports each check once at most.
void probe_conformance(const NodeConfig& config, const FetchRequest& request,
                       const ConformanceReport& report);

}  // namespace together
