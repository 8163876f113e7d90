// SPDX-License-Identifier: Apache-2.0
// The time as the gate needs it: comparable within one boot whatever happens to the wall clock, and
// by wall clock across boots.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

namespace together {

using Nanoseconds = std::chrono::nanoseconds;

using BootId = std::array<std::uint8_t, 16>;
inline constexpr BootId unknown_boot{};  // where /proc does not tell

// An instant. Plain data, written to disk as it is: the files never leave the node.
struct Moment {
    BootId boot_id{};
    std::uint64_t time_namespace = 0;  // inode of the time namespace, 0 where unknown
    std::int64_t boottime = 0;         // CLOCK_BOOTTIME, nanoseconds
    std::int64_t realtime = 0;         // CLOCK_REALTIME, nanoseconds

    bool operator==(const Moment&) const = default;
};

inline bool is_of_a_known_boot(const Moment& moment) {
    return moment.boot_id != unknown_boot;
}

// CLOCK_BOOTTIME of both can be compared: same boot and same time namespace (two namespaces share
// a boot id and may be a million seconds apart), both known.
bool same_timeline(const Moment& a, const Moment& b);

// How long ago `then` was, seen from `now`; negative where `then` lies in the future.
Nanoseconds elapsed(const Moment& then, const Moment& now);

Moment earlier(Moment moment, Nanoseconds by);

class Clock {
  public:
    virtual ~Clock() = default;
    virtual Moment now() = 0;
    // For how long ago `then` was, which takes less to know.
    virtual Moment now_seen_from(const Moment&) { return now(); }
};

// Thread-safe. Allocates nothing.
class SystemClock : public Clock {
  public:
    Moment now() override;
    Moment now_seen_from(const Moment& then) override;
};

}  // namespace together
