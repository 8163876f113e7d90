// SPDX-License-Identifier: Apache-2.0
// Whose request it is, by its bearer token.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "role_server/access/credentials.h"
#include "role_server/access/scopes.h"
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
    // Of a person's token for one project's cluster and services: it does nothing at this API, or
    // whoever runs that cluster could act as its bearer here.
    std::string audience_id;
    Scopes scopes;  // of a project key
    std::optional<std::int64_t> last_used_at;
};

struct Authentication {
    Outcome<Actor> actor;
    // The key that the token names, where there is one of that id, whatever is wrong with it: its
    // secret may be wrong, so this says nothing about who asks.
    std::string named_key_id;
};

// The token of `Authorization: Bearer`. `now` in seconds.
Authentication authenticate(Store& store, const Request& request, std::int64_t now);

// The id of the key that the request's token has in its text: the database is not asked, so neither
// key nor secret need be right. Empty where there is none.
std::string presented_key_id(const Request& request);

// A token that came in some other place, of any audience.
Authentication authenticate_token(Store& store, const std::string& token, std::int64_t now);

}  // namespace together::roled
