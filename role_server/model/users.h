// SPDX-License-Identifier: Apache-2.0
// People: created once, never deleted from the table, so that no login is given away. All in the
// caller's transaction.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "role_server/base/errors.h"
#include "role_server/model/change.h"
#include "role_server/store/store.h"

namespace together::roled {

struct User {
    std::string id, email;
    std::optional<std::string> name, login;
    std::optional<std::int64_t> login_changed_at;
};

std::optional<User> find_user(Store& store, const std::string& user_id);
// By address or login, without regard to case.
std::optional<User> find_user_by_email(Store& store, const std::string& email);
std::optional<User> find_user_by_login(Store& store, const std::string& login);

// Everybody, in ascending order of id.
void for_each_user(Store& store, const std::function<void(const User&)>& visit);

// 400 for what is no address, 409 where it belongs to somebody.
Outcome<User> create_user(Change& change, const std::string& email);

// The first login, which the user picks; later it is changed by an Admin. 409 login_taken: somebody
// has or once had it; 400 where it is an account of systems, or one that an organization of theirs
// keeps for itself.
Outcome<void> set_login(Change& change, const User& user, const std::string& login);
// 400 reserved_login: one that the organization keeps for itself, whoever had it before.
Outcome<void> require_login_not_kept(Store& store, const std::string& organization_id,
                                     const User& user);
void set_name(Change& change, const std::string& user_id, const std::string& name);

// Leaves all organizations and projects, and every key ends; address and name are erased, login,
// uids and the trail stay. 409 where they are the Owner of an organization.
Outcome<void> delete_user(Change& change, const User& user);

// Where they are a member or a collaborator: whose Admins may read what happens to them.
std::vector<std::string> organizations_of(Store& store, const std::string& user_id);

// A record of the login and name that are others than `before`: in each organization of theirs.
void record_profile(Change& change, const User& before);
// The same beside a record that `there` has of the whole change: nowhere, where they are in no
// other.
void record_profile_elsewhere(Change& change, const User& before, const std::string& there = {});

// Whoever is in no organization and no project has no use of keys, and keeps none.
void revoke_keys_of_nobody(Change& change, const std::string& user_id);

}  // namespace together::roled
