// SPDX-License-Identifier: Apache-2.0
// When nobody asks again, after an attempt that failed.
#pragma once

#include <cstdint>

#include "common/roster/last_attempt.h"

namespace together {

// For how much longer nobody should ask; zero where anybody may. One from the future holds
// nobody back: a clock that was set back must not keep a node from asking.
Nanoseconds time_left(const LastAttempt& attempt, const Moment& now);

// For how long all share one answer of a node that cannot take a roster: none waits for a helper of
// its own behind the others', and room that is made shows soon.
inline constexpr Nanoseconds after_node_fault = std::chrono::seconds(1);

// True where `last` is a fault of this node that silence since then has not fixed. Not for ever:
// one that is long past says nothing about an authority that is away.
bool still_the_nodes_fault(const std::optional<LastAttempt>& last, const Moment& now);

// How long to wait after the given number of failures in a row: exponential with jitter, a
// Retry-After honoured, at most 60 s; at most 5 s where no usable roster exists, because then every
// login fails. `jitter` is a random number from 0 to 1.
Nanoseconds delay_after_failure(std::uint32_t failures, std::optional<Nanoseconds> retry_after,
                                bool roster_usable, double jitter);

}  // namespace together
