// SPDX-License-Identifier: Apache-2.0
// Looks at files that may be on a file server which is dead: whoever looks there waits for ever.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace together::ctl {

// Of each list of paths whether one is there and not empty; nothing where that took longer than
// `each`, or the turn did not come within `all`. A child looks, and is left behind where not even
// KILL reaches it.
std::vector<std::optional<bool>> any_not_empty(const std::vector<std::vector<std::string>>& lists,
                                               std::chrono::milliseconds each,
                                               std::chrono::milliseconds all);

}  // namespace together::ctl
