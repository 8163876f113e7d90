// SPDX-License-Identifier: Apache-2.0
// What errno means. Thread-safe, as strerror(3) is not.
#pragma once

#include <string>

namespace together {

// "cannot open /path: No such file or directory"
std::string errno_text(const std::string& what, int error);

}  // namespace together
