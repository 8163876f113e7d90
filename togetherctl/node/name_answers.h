// SPDX-License-Identifier: Apache-2.0
// What glibc would answer if it asked other services than this node's nsswitch.conf names.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "common/system/result.h"

namespace together::ctl {

// The uid of each login, asked of `services` as the line passwd has them ("files together"), or of
// the node's own where that is empty. A child asks, for at most five seconds: what a process has
// been told once stays. nscd is not asked.
together::Result<std::vector<std::optional<uid_t>>> uids_by(const std::string& services,
                                                            const std::vector<std::string>& logins);

}  // namespace together::ctl
