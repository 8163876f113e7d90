// SPDX-License-Identifier: Apache-2.0
// Who takes part in a project, and with which role. All of it in the caller's transaction.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "common/roles/permissions.h"
#include "role_server/base/errors.h"
#include "role_server/store/store.h"

namespace together::roled {

struct Collaborator {
    std::string user_id;
    std::optional<std::string> login;
    std::optional<std::int64_t> uid;
    Role role = Role::member;         // effective: an organization Admin counts as Admin
    Role stored_role = Role::member;  // counts again when that ends
    bool external = false;            // no member of the organization
};

// In ascending order of user id.
void for_each_collaborator(Store& store, const std::string& project_id,
                           const std::function<void(const Collaborator&)>& visit);
std::optional<Collaborator> find_collaborator(Store& store, const std::string& project_id,
                                              const std::string& user_id);

// The JSON of the roster. Its fields need no escaping: none can hold more than [A-Za-z0-9_.-].
std::string to_entry(const Collaborator& collaborator);

void insert_collaborator(Store& store, const std::string& project_id, const std::string& user_id,
                         Role role);
void store_role(Store& store, const std::string& project_id, const std::string& user_id, Role role);
void delete_collaborator(Store& store, const std::string& project_id, const std::string& user_id);

// At every commit each project has an effective Admin: to be called after each change that could
// end that, before the commit. 409 last_project_admin.
Outcome<void> require_an_admin(Store& store, const std::string& project_id);

}  // namespace together::roled
