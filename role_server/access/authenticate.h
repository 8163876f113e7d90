// SPDX-License-Identifier: Apache-2.0
// Who asks: the bearer token of a request, looked up.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "role_server/base/errors.h"
#include "role_server/messages/message.h"
#include "role_server/store/store.h"

namespace together::roled {

struct Actor {
    enum class Kind {
        person,       // a user's own token: acts as that user
        node,         // a node key: reads its project's roster
        project_key,  // a project's API key: belongs to nobody
    };
    Kind kind = Kind::person;
    std::string key_id;
    std::string user_id;     // of a person
    std::string project_id;  // of a node or project key
    std::optional<std::int64_t> last_used_at;
};

// A key that the request names and that exists, whether or not it may be used: for the audit trail.
struct Authentication {
    Outcome<Actor> actor;
    std::string known_key_id;
};

// Looks at the database in one query. Revoked, expired and unknown tokens are refused alike, but
// with their own words.
Authentication authenticate(Store& store, const Request& request, std::int64_t now);

}  // namespace together::roled
