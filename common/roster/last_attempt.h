// SPDX-License-Identifier: Apache-2.0
// The last attempt to refresh a roster, and until when nobody tries again on demand after a failed
// one. A record of fixed size, overwritten in place; a torn one counts as none.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/roster/roster_paths.h"
#include "common/system/clock.h"

namespace together {

// Exit statuses of together-refresh (sysexits.h), also the outcome of an attempt.
enum class RefreshOutcome : int {
    valid = 0,
    node_fault =
        71,  // EX_OSERR: this node cannot take a roster. Only in a last attempt: the exit is 75
    no_answer = 75,      // EX_TEMPFAIL: the authority failed
    token_refused = 77,  // EX_NOPERM
    configuration = 78,  // EX_CONFIG
};

struct LastAttempt {
    Moment attempted;
    Nanoseconds not_before{};    // after `attempted`; zero: anybody may ask at once
    std::uint32_t failures = 0;  // in a row
    RefreshOutcome outcome = RefreshOutcome::valid;
    std::string request_id;  // of the authority's answer, where there was one
    std::string message;     // what happened, for a person; cut at 300 bytes
};

inline constexpr std::size_t last_attempt_size = 512;

std::string encode_last_attempt(const LastAttempt& attempt);
std::optional<LastAttempt> decode_last_attempt(std::string_view bytes);

// Nothing where there is no usable record of a trusted owner.
std::optional<LastAttempt> read_last_attempt(const RosterPaths& paths);
Result<void> write_last_attempt(const RosterPaths& paths, const LastAttempt& attempt);

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

// A random number from 0 to 1.
double random_fraction();

// The whole of a small file of ours, overwritten in place; made with mode 0644 where it is missing.
Result<void> overwrite_in_place(const std::string& path, std::string_view bytes);

}  // namespace together
