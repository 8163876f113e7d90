// SPDX-License-Identifier: Apache-2.0
#include "common/roster/backoff.h"

#include <algorithm>

namespace together {

using namespace std::chrono_literals;

Nanoseconds time_left(const LastAttempt& attempt, const Moment& now) {
    const auto since = elapsed(attempt.attempted, now);
    if (since < 0ns) return 0ns;
    return std::max(attempt.not_before - since, 0ns);
}

bool still_the_nodes_fault(const std::optional<LastAttempt>& last, const Moment& now) {
    if (!last || last->outcome != RefreshOutcome::node_fault) return false;
    const auto since = elapsed(last->attempted, now);
    return since >= 0ns && since <= 15min;
}

Nanoseconds delay_after_failure(std::uint32_t failures, std::optional<Nanoseconds> retry_after,
                                bool roster_usable, double jitter) {
    const Nanoseconds most = roster_usable ? 60s : 5s;
    const auto doublings = std::min<std::uint32_t>(failures > 0 ? failures - 1 : 0, 6);
    const Nanoseconds exponential = std::min<Nanoseconds>(1s * (1U << doublings), most);
    // From half to all of it, so that a thousand nodes do not come back in one instant.
    const auto spread = Nanoseconds(
        static_cast<std::int64_t>(static_cast<double>(exponential.count()) * (0.5 + jitter / 2)));
    return std::min(std::max(spread, retry_after.value_or(0ns)), most);
}

}  // namespace together
