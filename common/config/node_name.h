// SPDX-License-Identifier: Apache-2.0
// What this node calls itself where it reports to the authority.
#pragma once

#include <string>

#include "common/config/config.h"

namespace together {

// [api] node_name, else the host name, with a - for each character that is_node_name() refuses.
std::string node_name_of(const Config& config);

}  // namespace together
