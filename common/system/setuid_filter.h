// SPDX-License-Identifier: Apache-2.0
// Keeps a process that root runs for somebody from ever becoming him.
#pragma once

#include <sys/types.h>

#include <optional>

#include "common/system/result.h"

namespace together {

// From now on no thread of this process, and no program that one of them starts, can take `uid` as
// its real uid: setuid(2), setreuid(2) and setresuid(2) whose first argument it is fail with EPERM.
// Without a uid that holds for every one but 0. What root does as somebody for a moment goes on
// (seteuid(3) passes -1 first), and so do root's own programs. Cannot be taken back.
//
// For a process of root. Blocks for no time worth mentioning; changes all threads or none.
Result<void> forbid_becoming(std::optional<uid_t> uid);

}  // namespace together
