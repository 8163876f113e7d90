// SPDX-License-Identifier: Apache-2.0
// Which revision may follow the stored one, and what an answer that may not still says.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/roster/snapshot.h"
#include "common/system/clock.h"

namespace together {

// Longer than this no stored revision keeps an older one out, whatever stale_for is: one wrong
// answer must not freeze a roster for ever.
inline constexpr Nanoseconds max_revision_guard = std::chrono::hours(24);

// Why `next` cannot follow `stored`; nothing where it can. Too far ahead is refused as well, since
// everything true would be older afterwards: more than 2^40 steps, but for a time in milli-, micro-
// or nanoseconds. `realtime`: now, in nanoseconds since 1970.
std::optional<std::string> why_not_after(std::int64_t stored, std::int64_t next,
                                         std::int64_t realtime);

// Those of `stored` whom `answer` has too: the same login for the same person and, where both know
// it, with the same uid. Of two roles the lesser holds. A login that two people share is nobody's.
std::vector<RosterEntry> confirmed_by(const std::vector<RosterEntry>& answer,
                                      std::vector<RosterEntry> stored);

}  // namespace together
