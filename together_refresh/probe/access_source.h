// SPDX-License-Identifier: Apache-2.0
// What --check-access runs in the unprivileged child: asks the authority who this node's token is
// (/whoami) and for one entry of the roster, and notes what that tells (access_check.h).
#pragma once

#include <memory>

#include "together_refresh/source/fetch.h"

namespace together {

std::unique_ptr<RosterSource> access_source_for(const Config& config, int roster_file);

}  // namespace together
