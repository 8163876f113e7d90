// SPDX-License-Identifier: Apache-2.0
#include "common/roster/stamp.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace together {
namespace {

struct Layout {
    Moment validated;
    Digest digest;
    std::uint64_t checksum;
};
static_assert(sizeof(Layout) == stamp_size);

std::uint64_t checksum_of(const StampBytes& bytes) {
    return checksum(std::span(bytes).first(offsetof(Layout, checksum)));
}

// Both known. Who cannot tell has no lower bound.
bool of_an_earlier_boot(const Moment& then, const Moment& now) {
    return then.boot_id != unknown_boot && now.boot_id != unknown_boot &&
           then.boot_id != now.boot_id;
}

}  // namespace

StampBytes encode_stamp(const Stamp& stamp) {
    Layout layout{stamp.validated, stamp.digest, 0};
    StampBytes bytes;
    std::memcpy(bytes.data(), &layout, sizeof layout);
    layout.checksum = checksum_of(bytes);
    std::memcpy(bytes.data(), &layout, sizeof layout);
    return bytes;
}

std::optional<Stamp> decode_stamp(std::span<const std::byte> data) {
    if (data.size() != stamp_size) return std::nullopt;
    StampBytes bytes;
    std::memcpy(bytes.data(), data.data(), stamp_size);
    Layout layout;
    std::memcpy(&layout, bytes.data(), stamp_size);
    if (layout.checksum != checksum_of(bytes)) return std::nullopt;
    return Stamp{layout.validated, layout.digest};
}

Age age_of(const Moment& validated, const Moment& now, Nanoseconds fresh_for) {
    const auto value = elapsed(validated, now);
    if (value >= Nanoseconds::zero()) return {value, false, value};
    // Such a small skew is past soon, and may be between machines that share a disk.
    constexpr Nanoseconds skew = std::chrono::minutes(5);
    const Nanoseconds since_boot = value < -skew && of_an_earlier_boot(validated, now)
                                       ? Nanoseconds(now.boottime)
                                       : Nanoseconds::zero();
    return {std::max(since_boot, fresh_for + Nanoseconds(1)), true, since_boot};
}

}  // namespace together
