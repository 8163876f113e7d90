// SPDX-License-Identifier: Apache-2.0
// The folder that a path leads into.
#pragma once

#include <string>

namespace together {

inline std::string folder_of(const std::string& path) {
    const auto slash = path.rfind('/');
    if (slash == path.npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace together
