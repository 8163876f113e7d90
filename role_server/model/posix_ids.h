// SPDX-License-Identifier: Apache-2.0
// The uids and gids of an organization: one space of numbers, since a user's own group has their
// uid for a gid. A number is never given to a second holder, whatever becomes of the first. All in
// the caller's transaction.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "role_server/base/errors.h"
#include "role_server/model/change.h"
#include "role_server/store/store.h"

namespace together::roled {

struct Organization;

enum class IdKind { user, group, admin_group };

// Those that an organization's nodes take for people's; within what nodes and Slurm can use.
struct IdRange {
    std::int64_t first = 10'000;
    std::int64_t last = 59'999;
};
Outcome<IdRange> checked_id_range(const IdRange& range);

std::optional<std::int64_t> posix_id(Store& store, const std::string& organization_id, IdKind kind,
                                     const std::string& holder_id);

// The one that the holder has, else the next free one. 409 ids_exhausted.
Outcome<std::int64_t> allocate_posix_id(Store& store, const std::string& organization_id,
                                        IdKind kind, const std::string& holder_id);

// 409 external_ids_exhausted: those who are no members have half of the numbers at most, or whoever
// may invite into one project could use up what members and all projects need.
Outcome<void> require_room_for_external(Store& store, const Organization& organization);

// Told to the rosters. 400 outside the organization's range; 403 the Owner's, by somebody else; 409
// uid_taken; 409 uid_already_set: a set uid does not change, files on disk belong to it.
Outcome<void> set_uid(Change& change, const Organization& organization, const std::string& user_id,
                      std::int64_t uid);

}  // namespace together::roled
