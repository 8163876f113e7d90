// SPDX-License-Identifier: Apache-2.0
// A database of a role authority with somebody in each position, and what its tables hold.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "role_server/store/store.h"

namespace together::fuzz {

struct World {
    std::string organization, project, other_organization, other_project;
    std::string invitation;  // a token that somebody may accept
    std::string outsider;    // the id of a member of the organization who is not in the project
    std::vector<std::string> tokens;  // of everybody, and of each kind; the Owner's first
    std::vector<std::string> users, logins, keys, invitations;
};

// Makes the database at `db`; through the API itself as far as it goes.
World make_world(const std::string& db);

// All that the tables hold but what is written beside requests: refusals, and when keys were used.
std::string content_of(roled::Store& store);

void remove_database(const std::string& db);
// `to` becomes what `from` is; nobody uses either.
void copy_database(const std::string& from, const std::string& to);

}  // namespace together::fuzz
