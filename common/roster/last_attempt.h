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
    node_fault = 71,  // EX_OSERR: this node cannot take a roster. In this record alone: it exits 75
    no_answer = 75,   // EX_TEMPFAIL: the authority failed
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

}  // namespace together
