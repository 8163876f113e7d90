// SPDX-License-Identifier: Apache-2.0
// What the unprivileged child does: it drops its privileges, then serves one request of a closed
// set (request.h) after the other, until its parent is gone.
#pragma once

#include "common/node_config/node_config.h"

namespace together {

// `channel`: the stream to the parent. `roster_file`: the opened roster for file://, or -1.
void run_child(const NodeConfig& config, int channel, int roster_file);

}  // namespace together
