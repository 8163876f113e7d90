// SPDX-License-Identifier: Apache-2.0
// What the disk has left for the next roster, and the next accounts. Who uses it up could keep the
// node from learning that he was removed.
#pragma once

#include <string>
#include <vector>

#include "common/node_config/node_config.h"

namespace together::ctl {

// A sentence for each shortage; none of what is not there yet.
std::vector<std::string> shortages(const together::NodeConfig& config);

}  // namespace together::ctl
