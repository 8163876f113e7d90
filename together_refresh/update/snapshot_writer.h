// SPDX-License-Identifier: Apache-2.0
// Writes a roster as a snapshot: to PROJECT.roster.v1.new, fsynced, renamed; where there is no room
// for it, to the spare. A kill at any instant leaves the old snapshot or the new one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/roster/roster_paths.h"
#include "common/roster/snapshot.h"
#include "common/system/result.h"

namespace together {

// A whole, validated roster.
struct RosterContent {
    std::string project;
    std::string base_url;
    std::string etag;  // empty: it may not be asked for conditionally
    std::optional<std::int64_t> revision;
    Moment validated;
    std::uint32_t left_out = 0;
    std::vector<RosterEntry> entries;  // login_shared and uid_shared are the writer's to set
};

// What the authority said, without when: two rosters of equal digest need no new file.
Digest content_digest(const RosterContent& content);

// The caller holds the write lock. On an error the old snapshot still stands and no temporary file
// is left. Returns the digest of the new one, for its stamp.
Result<Digest> write_snapshot(const RosterPaths& paths, RosterContent content);

}  // namespace together
