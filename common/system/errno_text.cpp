// SPDX-License-Identifier: Apache-2.0
#include "common/system/errno_text.h"

#include <cerrno>
#include <cstring>

namespace together {

std::string errno_text(const std::string& what, int error) {
    // Files that need not be there are missing in each decision, and the C library looks for a
    // translation first: that costs a new process two page faults.
    if (error == ENOENT) return what + ": No such file or directory";
    char buffer[128];
    // The GNU variant: thread-safe, returns the text.
    return what + ": " + ::strerror_r(error, buffer, sizeof buffer);
}

}  // namespace together
