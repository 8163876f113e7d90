// SPDX-License-Identifier: Apache-2.0
// The configuration by which a roster is refreshed.
#pragma once

#include <string>

#include "common/node_config/node_config.h"

namespace together {

struct RefreshConfig {
    NodeConfig node;
    // What is wrong in a section that no login reads, [accounts] and the like; `node` has then none
    // of these. The gate goes by the others alone, and so must its roster not grow old by it.
    std::string problem;
};

// Thread-safe; opens the configuration's files and nothing else.
Result<RefreshConfig> load_refresh_config(const std::string& path);

}  // namespace together
