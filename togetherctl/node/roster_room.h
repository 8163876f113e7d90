// SPDX-License-Identifier: Apache-2.0
// What the disk has left for the next roster. Who uses it up could keep the node from learning that
// he was removed.
#pragma once

#include <string>
#include <vector>

#include "common/roster/roster_paths.h"

namespace together::ctl {

// A sentence for each shortage; none where there is no snapshot yet.
std::vector<std::string> shortages(const together::RosterPaths& paths);

}  // namespace together::ctl
