// SPDX-License-Identifier: Apache-2.0
// A line on the terminals of somebody's processes, as wall(1) writes one.
#pragma once

#include <string>
#include <vector>

#include "processes/node_process.h"

namespace together {

// On those that belong to that user and are no link. Never waits: a terminal that takes nothing now
// (Ctrl-S) gets none of it.
void write_to_terminals(const std::vector<Process>& processes, const std::string& line);

}  // namespace together
