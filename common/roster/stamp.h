// SPDX-License-Identifier: Apache-2.0
// When a roster was last validated: 64 bytes in a file of their own, overwritten in place, which
// works on a full disk and costs a revalidation no new snapshot.
//
// The stamp only extends the validation that the snapshot's own header carries: one that is
// missing, torn, or made for another snapshot changes nothing.
#pragma once

#include <array>
#include <optional>
#include <span>

#include "common/roster/checksum.h"
#include "common/system/clock.h"

namespace together {

struct Stamp {
    Moment validated;  // when the request was sent; for a long poll, when its answer came
    Digest digest;     // of the snapshot that it speaks of

    bool operator==(const Stamp&) const = default;
};

inline constexpr std::size_t stamp_size = 64;
using StampBytes = std::array<std::byte, stamp_size>;

StampBytes encode_stamp(const Stamp& stamp);
std::optional<Stamp> decode_stamp(std::span<const std::byte> bytes);

// How old a roster is. `uncertain`: its stamp lies in the future, because this node's clock was set
// back. Then it counts as just older than fresh_for, so that it is asked for again. `at_least` is
// certain: where the stamp is of an earlier boot, the time since this one. It reaches stale_for.
struct Age {
    Nanoseconds value{};
    bool uncertain = false;
    Nanoseconds at_least{};
};
Age age_of(const Moment& validated, const Moment& now, Nanoseconds fresh_for);

}  // namespace together
