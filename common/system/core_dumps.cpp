// SPDX-License-Identifier: Apache-2.0
#include "common/system/core_dumps.h"

#include <sys/prctl.h>
#include <sys/resource.h>

namespace together {

void forbid_core_dumps() {
    const rlimit none{0, 0};
    (void)::setrlimit(RLIMIT_CORE, &none);
    (void)::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

}  // namespace together
