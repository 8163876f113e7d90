// SPDX-License-Identifier: Apache-2.0
// The end of all processes of a user at once: those that fork faster than /proc can be read.
#pragma once

#include <sys/types.h>

#include "common/system/result.h"

namespace together {

// SIGKILL to whatever that user may send a signal: also where their uid is only the real one (what
// they started of root's: su) or the saved one. Of root alone, for a user who is not root; at most
// a second.
Result<void> kill_all_of(uid_t uid);

}  // namespace together
