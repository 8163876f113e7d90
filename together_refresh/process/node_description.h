// SPDX-License-Identifier: Apache-2.0
// What a node says of itself to the authority.
#pragma once

#include <string>

#include "common/config/config.h"

namespace together {

// The value of Together-Node: name=…; version=…; mode=…
std::string node_description(const Config& config);

}  // namespace together
