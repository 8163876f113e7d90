// SPDX-License-Identifier: Apache-2.0
// Allows by role, which the log does not have, as they are told to who counts this node's
// decisions: those of one person at one door together. At tens of thousands a second a datagram
// each would be lost, and push out the refusals that togetherctl decisions shows.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "common/decision/decision.h"
#include "common/system/clock.h"
#include "common/system/datagram_socket.h"

namespace together::authorizer {

// One thread.
class PlainAllows {
  public:
    static constexpr Nanoseconds told_every = std::chrono::seconds(30);
    // Whose memory is bounded: the allows of whoever comes then are not told.
    static constexpr std::size_t max_gathered = 10'000;

    using Send = std::function<Sent(std::string_view line)>;
    // Never waits; must outlive it.
    explicit PlainAllows(Send send) : send_(std::move(send)) {}

    void add(std::string_view door, std::string_view peer, const Decision& decision);

    // To be called about once a second, with the time since boot. What the reader's queue does not
    // take now stays for the next turn; where nobody reads it is forgotten.
    void turn(Nanoseconds now);
    // Before the program ends.
    void tell();

  private:
    struct Gathered {
        std::string line;
        std::uint32_t times = 1;
    };

    using ByPersonAndDoor = std::unordered_map<std::string, Gathered>;

    void tell_what_waits();

    const Send send_;
    ByPersonAndDoor gathered_;
    // Apart: whoever goes on would be told anew each time, and the others never.
    ByPersonAndDoor telling_;
    std::string key_;  // kept for its memory
    Nanoseconds next_{0};
};

}  // namespace together::authorizer
