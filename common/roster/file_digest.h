// SPDX-License-Identifier: Apache-2.0
// The digest of a file that carries it in a header behind its content.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <span>

#include "common/roster/checksum.h"

namespace together {

// Over the first `size` bytes of the file, then what of the header is covered. Nothing where it
// cannot be read.
std::optional<Digest> digest_of_file(int fd, off_t size, std::span<const std::byte> header);

}  // namespace together
