// SPDX-License-Identifier: Apache-2.0
#include "common/roster/file_digest.h"

#include <algorithm>
#include <vector>

#include "common/system/io.h"

namespace together {

std::optional<Digest> digest_of_file(int fd, off_t size, std::span<const std::byte> header) {
    constexpr off_t chunk = off_t{256} * 1024;
    std::vector<std::byte> buffer(static_cast<std::size_t>(std::min(chunk, size)));
    DigestStream digest;
    for (off_t offset = 0; offset < size;) {
        const auto want = static_cast<std::size_t>(std::min(chunk, size - offset));
        if (read_full_at(fd, buffer.data(), want, offset) != static_cast<ssize_t>(want))
            return std::nullopt;
        digest.update(std::span(buffer).first(want));
        offset += static_cast<off_t>(want);
    }
    digest.update(header);
    return digest.finish();
}

}  // namespace together
