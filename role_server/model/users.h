// SPDX-License-Identifier: Apache-2.0
// People: created once, never deleted from the table, so that neither login nor uid is given away.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/roles/permissions.h"
#include "role_server/access/credentials.h"
#include "role_server/base/errors.h"
#include "role_server/store/store.h"

namespace together::roled {

struct User {
    std::string id, email;
    std::optional<std::string> name, login;
    std::optional<std::int64_t> uid;
};

std::optional<User> find_user(Store& store, const std::string& user_id);
// By address or login, without regard to case.
std::optional<User> find_user_by_email(Store& store, const std::string& email);
std::optional<User> find_user_by_login(Store& store, const std::string& login);

// 400 for what is no address, 409 where it belongs to somebody.
Outcome<User> create_user(Store& store, const std::string& email);

// Both raise the revision of every roster that shows the user. 409 login_taken: somebody has or
// once had it.
Outcome<void> set_login(Store& store, const User& user, const std::string& login);
// 409 uid_taken; 409 uid_already_set: a set uid does not change, files on disk belong to it.
Outcome<void> set_uid(Store& store, const User& user, std::int64_t uid);
void set_name(Store& store, const std::string& user_id, const std::string& name);

// A personal token, to be shown once.
NewKey give_token(Store& store, const std::string& user_id, const std::string& name);

}  // namespace together::roled
