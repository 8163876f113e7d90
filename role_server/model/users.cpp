// SPDX-License-Identifier: Apache-2.0
#include "role_server/model/users.h"

#include "role_server/base/crypto.h"
#include "role_server/base/validation.h"
#include "role_server/model/project_roster.h"

namespace together::roled {
namespace {

std::optional<User> find_where(Store& store, const std::string& condition,
                               const std::string& value) {
    User user;
    std::string name, login;
    long long uid = 0;
    soci::indicator has_name = soci::i_null, has_login = soci::i_null, has_uid = soci::i_null;
    store.sql() << "SELECT id, email, name, login, uid FROM users WHERE deleted_at IS NULL AND " +
                       condition,
        soci::use(value), soci::into(user.id), soci::into(user.email), soci::into(name, has_name),
        soci::into(login, has_login), soci::into(uid, has_uid);
    if (!store.sql().got_data()) return std::nullopt;
    if (has_name == soci::i_ok) user.name = name;
    if (has_login == soci::i_ok) user.login = login;
    if (has_uid == soci::i_ok) user.uid = uid;
    return user;
}

// Whoever has or had this login.
std::optional<std::string> holder_of(Store& store, const std::string& login_key) {
    std::string user_id;
    store.sql() << "SELECT user_id FROM logins WHERE login_key = :key", soci::into(user_id),
        soci::use(login_key);
    if (!store.sql().got_data()) return std::nullopt;
    return user_id;
}

}  // namespace

std::optional<User> find_user(Store& store, const std::string& user_id) {
    return find_where(store, "id = :value", user_id);
}

std::optional<User> find_user_by_email(Store& store, const std::string& email) {
    return find_where(store, "email_key = :value", without_case(email));
}

std::optional<User> find_user_by_login(Store& store, const std::string& login) {
    return find_where(store, "LOWER(login) = :value", without_case(login));
}

Outcome<User> create_user(Store& store, const std::string& email) {
    const auto address = checked_email(email);
    if (!address) return tl::unexpected(address.error());
    if (find_user_by_email(store, *address))
        return conflict("email_taken", "Somebody has this address already.", "email");
    const User user{"user_" + random_base62(20), *address, {}, {}, {}};
    const auto key = without_case(*address);
    const long long now = now_seconds();
    store.sql()
        << "INSERT INTO users (id, email, email_key, created_at) VALUES (:id, :email, :key, :now)",
        soci::use(user.id), soci::use(user.email), soci::use(key), soci::use(now);
    return user;
}

Outcome<void> set_login(Store& store, const User& user, const std::string& login) {
    const auto checked = checked_login(login);
    if (!checked) return tl::unexpected(checked.error());
    const auto key = without_case(login);
    const auto holder = holder_of(store, key);
    if (holder && *holder != user.id)
        return conflict("login_taken", "'" + login + "' is or was somebody else's login.", "login");
    if (!holder)
        store.sql() << "INSERT INTO logins (login_key, user_id) VALUES (:key, :user)",
            soci::use(key), soci::use(user.id);
    store.sql() << "UPDATE users SET login = :login WHERE id = :id", soci::use(login),
        soci::use(user.id);
    raise_revisions_of_user(store, user.id);
    return {};
}

Outcome<void> set_uid(Store& store, const User& user, std::int64_t uid) {
    const auto checked = checked_uid(uid);
    if (!checked) return tl::unexpected(checked.error());
    if (user.uid == uid) return {};
    if (user.uid)
        return conflict(
            "uid_already_set",
            "The user has uid " + std::to_string(*user.uid) + ", and a set uid does not change.",
            "uid");
    const long long value = uid;
    long long taken = 0;
    store.sql() << "SELECT COUNT(*) FROM users WHERE uid = :uid", soci::into(taken),
        soci::use(value);
    if (taken > 0) return conflict("uid_taken", "This uid is or was somebody else's.", "uid");
    store.sql() << "UPDATE users SET uid = :uid WHERE id = :id", soci::use(value),
        soci::use(user.id);
    raise_revisions_of_user(store, user.id);
    return {};
}

void set_name(Store& store, const std::string& user_id, const std::string& name) {
    store.sql() << "UPDATE users SET name = :name WHERE id = :id", soci::use(name),
        soci::use(user_id);
}

NewKey give_token(Store& store, const std::string& user_id, const std::string& name) {
    auto key = mint(KeyKind::user);
    const long long now = now_seconds();
    store.sql()
        << "INSERT INTO api_keys (id, kind, secret_hash, user_id, name, created_by, created_at)"
           " VALUES (:id, 'user', :hash, :user, :name, :creator, :now)",
        soci::use(key.id), soci::use(key.secret_hash), soci::use(user_id), soci::use(name),
        soci::use(user_id), soci::use(now);
    return key;
}

}  // namespace together::roled
