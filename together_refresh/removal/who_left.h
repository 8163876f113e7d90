// SPDX-License-Identifier: Apache-2.0
// Who left between two rosters that were believed, and how many of them are too many. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "common/config/config.h"
#include "common/roster/leavers.h"
#include "common/roster/snapshot.h"

namespace together {

struct SeenRoster {
    std::vector<RosterEntry> entries;
    std::uint32_t left_out = 0;  // entries without a usable login
};

// Views into a roster, which must outlive it.
class PeopleOf {
  public:
    explicit PeopleOf(const SeenRoster& roster);

    // By login, as the same person by another login, or its uid is somebody's: then nobody left, or
    // what has the uid is another's.
    bool has(const Leaver& leaver) const;

  private:
    std::unordered_set<std::string_view> logins_;
    std::unordered_set<std::string_view> user_ids_;
    std::unordered_set<uid_t> uids_;
};

// Those of `before` whom `now` does not have.
std::vector<Leaver> who_left(const SeenRoster& before, const SeenRoster& now);

// So many may leave within max_count_age; beyond it nobody's is ended. [gate] on_removal_limit,
// else ten or a tenth of the roster, whichever is more, but never more than half of it.
std::size_t max_at_once(const Config& config, std::size_t entries);

// For so long whoever left counts, also where nothing of theirs is here any more: a roster that
// loses a few in each round must not get past the limit.
inline constexpr Nanoseconds max_count_age = std::chrono::hours(1);

}  // namespace together
