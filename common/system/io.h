// SPDX-License-Identifier: Apache-2.0
// read(2) and write(2) as everybody needs them: EINTR is tried again, and a part is not taken for
// the whole. What fails leaves errno as it was set, also EAGAIN of a descriptor that does not
// block. Async-signal-safe.
#pragma once

#include <sys/types.h>

#include <cstddef>

namespace together {

// As much as one call gives; 0 at the end, -1 on an error.
ssize_t read_some(int fd, void* buffer, std::size_t size);
ssize_t read_some_at(int fd, void* buffer, std::size_t size, off_t offset);

// Until the buffer is full: less than `size` means the end, -1 an error.
ssize_t read_full(int fd, void* buffer, std::size_t size);
ssize_t read_full_at(int fd, void* buffer, std::size_t size, off_t offset);

// All of it, or false. SIGPIPE is the caller's.
bool write_full(int fd, const void* bytes, std::size_t size);
bool write_full_at(int fd, const void* bytes, std::size_t size, off_t offset);

}  // namespace together
