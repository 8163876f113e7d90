// SPDX-License-Identifier: Apache-2.0
#include "common/roster/checksum.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstring>

namespace together {

std::uint64_t checksum(std::span<const std::byte> data) {
    return XXH3_64bits(data.data(), data.size());
}

struct DigestStream::State {
    XXH3_state_t xxh;
};

DigestStream::DigestStream() : state_(std::make_unique<State>()) {
    XXH3_INITSTATE(&state_->xxh);
    XXH3_128bits_reset(&state_->xxh);
}

DigestStream::~DigestStream() = default;

void DigestStream::update(std::span<const std::byte> data) {
    XXH3_128bits_update(&state_->xxh, data.data(), data.size());
}

Digest DigestStream::finish() const {
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(&state_->xxh));
    Digest digest;
    std::memcpy(digest.data(), canonical.digest, digest.size());
    return digest;
}

}  // namespace together
