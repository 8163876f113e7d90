// SPDX-License-Identifier: Apache-2.0
// A database that was put back from a backup: what nodes and clients must not mistake for what they
// have seen, and what was taken from people since the backup was made. In the caller's change.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "role_server/model/change.h"
#include "role_server/store/store.h"

namespace together::roled {

// A new epoch, and revisions above the time in milliseconds: nodes refuse an older roster.
void begin_new_epoch(Change& change);

void revoke_all_personal_tokens(Change& change);

// Where the trail of a backup ends.
struct BackupEnd {
    std::int64_t seq = 0, time_ms = 0;
};
BackupEnd end_of_backup(Store& store);

struct Replayed {
    std::int64_t taken = 0;         // removals, suspensions, demotions, ends and revocations
    std::vector<std::string> left;  // what could not be done, as sentences
};

// Takes again what was taken since, as the trail of `old` tells; what was given since is not given
// again, but people, logins, uids and gids of `old` are kept, so that none goes to somebody else.
// Fails where the backup was not made of `old`, or where its trail does not go back that far.
Result<Replayed> replay(Change& change, Store& old);

// All that opens something: what a person must look at who has no trail.
struct Opening {
    std::string what;  // "owner", "admin", "project member", "invitation", "user key", "ssh key", …
    std::string id, where, who;
};
std::vector<Opening> all_openings(Store& store, std::int64_t now);

}  // namespace together::roled
