// SPDX-License-Identifier: Apache-2.0
// Who has access to a project, with all that somebody wants to know who looks through it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "role_server/model/collaborators.h"
#include "role_server/model/last_seen.h"
#include "role_server/store/store.h"

namespace together::roled {

struct ReviewedPerson {
    Collaborator collaborator;
    std::string email;
    std::optional<std::string> name;
    // Of their tokens that open the API, or this project's cluster and services.
    std::int64_t tokens = 0;
    std::optional<std::int64_t> last_used_at;
    std::optional<LastSeen> last_seen;
};

// Those who are in it at `now`, in ascending order of user id, at most `limit`, from the one that
// follows `after`. One question, whatever their number.
void for_each_reviewed(Store& store, const std::string& project_id, std::int64_t now,
                       const std::string& after, std::size_t limit,
                       const std::function<void(const ReviewedPerson&)>& visit);

}  // namespace together::roled
