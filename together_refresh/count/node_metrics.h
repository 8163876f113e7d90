// SPDX-License-Identifier: Apache-2.0
// What a node's watcher tells of it, in Prometheus' text format.
#pragma once

#include <string>

#include "common/node_config/node_config.h"
#include "common/system/clock.h"

namespace together {

// Opens the roster's files and those of emergencies; asks nobody.
std::string node_metrics(const NodeConfig& config, Clock& clock);

}  // namespace together
