// SPDX-License-Identifier: Apache-2.0
// Who had which role in which project, from when to when: what an access review compares with. It
// repeats what effective_roles says now, one row for each time that somebody's role began, and is
// kept by each change (change.h). Times in seconds since 1970.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "common/roles/permissions.h"
#include "role_server/access/authorize.h"
#include "role_server/store/store.h"

namespace together::roled {

struct AccessPeriod {
    std::string user_id;
    std::optional<std::string> login;
    Role role = Role::member;
    RoleSource source = RoleSource::project;
    std::int64_t began_at = 0;
    std::optional<std::string> granted_by;
    std::optional<std::int64_t> ended_at;  // nothing: it lasts
    std::optional<std::string> ended_by;   // "system" where it was over by itself
};

// Within a change: ends what is true no longer and begins what is. `by`: who makes the change.
// Where the clock was put back meanwhile, what somebody had before comes before it all the same.
void note_access(Store& store, const std::string& project_id, const std::string& user_id,
                 std::int64_t now, const std::string& by);

// Where a period stands in the order of all of a project's: by user, then as they came.
struct AccessPlace {
    std::string user_id;
    std::int64_t began_at = 0;
};

// Those that were not over at `since`, in their order; also those over by themselves. At most
// `limit`, from the one that follows `after`.
void for_each_access_period(Store& store, const std::string& project_id, std::int64_t since,
                            std::int64_t now, const AccessPlace& after, std::size_t limit,
                            const std::function<void(const AccessPeriod&)>& visit);

// From when on it is complete: an older together-roled kept none, and what is pruned is gone.
std::int64_t access_known_since(Store& store);
// With the trail.
void forget_access_before(Store& store, std::int64_t time);

}  // namespace together::roled
