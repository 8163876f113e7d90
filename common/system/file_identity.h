// SPDX-License-Identifier: Apache-2.0
// Whether a file is still the one that was read, without reading it. Thread-safe.
#pragma once

#include <string>

namespace together {

// Differs where the path, or what stands there, was replaced or changed: device, inode, size, times
// of change. Symbolic links are followed. One that is missing has an identity, too.
std::string file_identity(const std::string& path);

}  // namespace together
