// SPDX-License-Identifier: Apache-2.0
#include "common/system/errno_text.h"

#include <cstring>

namespace together {

std::string errno_text(const std::string& what, int error) {
    char buffer[128];
    // The GNU variant: thread-safe, returns the text.
    return what + ": " + ::strerror_r(error, buffer, sizeof buffer);
}

}  // namespace together
