// SPDX-License-Identifier: Apache-2.0
// Sockets on ports below 1024, which no ordinary user can take. The parent binds them, the child
// connects with them where every other port of this node is used up.
#pragma once

#include <vector>

#include "common/system/file_descriptor.h"

namespace together {

using ReservedSockets = std::vector<FileDescriptor>;

// At most what one message between parent and child carries.
inline constexpr std::size_t max_reserved_sockets = 8;

// TCP sockets of both families, bound and not connected. Fewer, or none, where this process may not
// bind below 1024.
ReservedSockets bind_reserved_ports();

// Takes one of that family; nothing where there is none left.
FileDescriptor take_socket(ReservedSockets& sockets, int family);

}  // namespace together
