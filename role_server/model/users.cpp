// SPDX-License-Identifier: Apache-2.0
#include "role_server/model/users.h"

#include "role_server/base/crypto.h"
#include "role_server/base/validation.h"
#include "role_server/messages/json.h"
#include "role_server/model/keys.h"
#include "role_server/model/members.h"

namespace together::roled {
namespace {

std::optional<User> find_where(Store& store, const std::string& condition,
                               const std::string& value) {
    User user;
    std::optional<Number> changed;
    if (!store.run("SELECT id, email, name, login, login_changed_at FROM users"
                   " WHERE deleted_at IS NULL AND " +
                       condition,
                   soci::into(user.id), soci::into(user.email), soci::into(user.name),
                   soci::into(user.login), soci::into(changed), soci::use(value)))
        return std::nullopt;
    user.login_changed_at = changed;
    return user;
}

// Whoever has or had this login.
std::optional<std::string> holder_of(Store& store, const std::string& login_key) {
    std::string user_id;
    if (!store.run("SELECT user_id FROM logins WHERE login_key = :key", soci::into(user_id),
                   soci::use(login_key)))
        return std::nullopt;
    return user_id;
}

Outcome<void> require_not_kept(Store& store, const std::string& organization_id,
                               const std::string& login) {
    const auto key = without_case(login);
    std::string found;
    if (!store.run("SELECT login_key FROM reserved_logins WHERE organization_id = :organization"
                   " AND login_key = :key",
                   soci::into(found), soci::use(organization_id), soci::use(key)))
        return {};
    return bad_request("reserved_login",
                       "'" + login + "' is kept by the organization; choose another.", "login");
}

// Without the address: an external collaborator's is for nobody there.
Json::Value for_the_trail(const User& user) {
    Json::Value value;
    value["object"] = "user";
    value["id"] = user.id;
    value["name"] = json_or_null(user.name);
    value["login"] = json_or_null(user.login);
    return value;
}

void record_in(Change& change, const User& before, const std::vector<std::string>& organizations) {
    change.record(before.id, for_the_trail(before),
                  for_the_trail(*find_user(change.store(), before.id)), organizations);
}

Outcome<void> require_free(Store& store, const User& user, const std::string& login) {
    const auto key = without_case(login);
    const auto holder = holder_of(store, key);
    if (holder && *holder != user.id)
        return conflict("login_taken", "'" + login + "' is or was somebody else's login.", "login");
    for (const auto& organization : organizations_of(store, user.id))
        if (auto may = require_not_kept(store, organization, login); !may) return may;
    return {};
}

}  // namespace

std::optional<User> find_user(Store& store, const std::string& user_id) {
    return store.remembered().get("user " + user_id,
                                  [&] { return find_where(store, "id = :value", user_id); });
}

std::optional<User> find_user_by_email(Store& store, const std::string& email) {
    return find_where(store, "email_key = :value", without_case(email));
}

std::optional<User> find_user_by_login(Store& store, const std::string& login) {
    // Not by the database's LOWER(), which in some languages makes another letter of an I.
    const auto key = without_case(login);
    const auto holder = store.remembered().get("login " + key, [&] {
        return find_where(store, "id = (SELECT user_id FROM logins WHERE login_key = :value)", key);
    });
    // They may have had it once.
    return holder && holder->login && without_case(*holder->login) == key ? holder : std::nullopt;
}

void for_each_user(Store& store, const std::function<void(const User&)>& visit) {
    User user;
    std::optional<Number> changed;
    store.each(
        "SELECT id, email, name, login, login_changed_at FROM users WHERE deleted_at IS NULL"
        " ORDER BY id",
        [&] {
            user.login_changed_at = changed;
            visit(user);
        },
        soci::into(user.id), soci::into(user.email), soci::into(user.name), soci::into(user.login),
        soci::into(changed));
}

Outcome<User> create_user(Change& change, const std::string& email) {
    const auto address = checked_email(email);
    if (!address) return tl::unexpected(address.error());
    auto& store = change.store();
    if (find_user_by_email(store, *address))
        return conflict("email_taken", "Somebody has this address already.", "email");
    const User user{"user_" + random_base62(20), *address, {}, {}, {}};
    const auto key = without_case(*address);
    const Number now = change.now();
    store.run(
        "INSERT INTO users (id, email, email_key, created_at)"
        " VALUES (:id, :email, :key, :now)",
        soci::use(user.id), soci::use(user.email), soci::use(key), soci::use(now));
    return user;
}

Outcome<void> set_login(Change& change, const User& user, const std::string& login) {
    if (user.login == login) return {};
    const auto checked = checked_login(login);
    if (!checked) return tl::unexpected(checked.error());
    auto& store = change.store();
    if (auto free = require_free(store, user, login); !free) return free;
    const auto key = without_case(login);
    if (!holder_of(store, key))
        store.run("INSERT INTO logins (login_key, user_id) VALUES (:key, :user)", soci::use(key),
                  soci::use(user.id));
    // The first one was chosen, not changed.
    const auto changed = user.login ? std::optional<Number>(change.now()) : std::nullopt;
    store.run("UPDATE users SET login = :login, login_changed_at = :changed WHERE id = :id",
              soci::use(login), soci::use(changed), soci::use(user.id));
    change.rosters_with(user.id);
    return {};
}

Outcome<void> require_login_not_kept(Store& store, const std::string& organization_id,
                                     const User& user) {
    return user.login ? require_not_kept(store, organization_id, *user.login) : Outcome<void>();
}

void set_name(Change& change, const std::string& user_id, const std::string& name) {
    change.store().run("UPDATE users SET name = :name WHERE id = :id", soci::use(name),
                       soci::use(user_id));
}

Outcome<void> delete_user(Change& change, const User& user) {
    auto& store = change.store();
    std::string owned;
    if (store.run("SELECT id FROM organizations WHERE owner_id = :user LIMIT 1", soci::into(owned),
                  soci::use(user.id)))
        return conflict("owner",
                        "The Owner of an organization cannot delete their account; ownership is "
                        "moved by the operator: together-roled owner --set.");
    leave_everything(change, user.id);
    revoke_keys_of_nobody(change, user.id);
    store.run("DELETE FROM ssh_keys WHERE user_id = :user", soci::use(user.id));
    store.run("DELETE FROM last_seen WHERE user_id = :user", soci::use(user.id));
    // Answers have their address and name.
    store.run(
        "DELETE FROM answered WHERE key_id IN (SELECT id FROM api_keys WHERE user_id = :user1"
        " UNION ALL SELECT id FROM invitations WHERE used_by = :user2)",
        soci::use(user.id), soci::use(user.id));
    const auto key = "deleted:" + user.id;
    const Number now = change.now();
    store.run(
        "UPDATE users SET email = '', email_key = :key, name = NULL, deleted_at = :now"
        " WHERE id = :user",
        soci::use(key), soci::use(now), soci::use(user.id));
    return {};
}

std::vector<std::string> organizations_of(Store& store, const std::string& user_id) {
    std::vector<std::string> organizations;
    std::string id;
    store.each(
        "SELECT organization_id FROM members WHERE user_id = :user1"
        " UNION SELECT p.organization_id FROM collaborators c"
        " JOIN projects p ON p.id = c.project_id WHERE c.user_id = :user2",
        [&] { organizations.push_back(id); }, soci::into(id), soci::use(user_id),
        soci::use(user_id));
    return organizations;
}

void record_profile(Change& change, const User& before) {
    record_in(change, before, organizations_of(change.store(), before.id));
}

void record_profile_elsewhere(Change& change, const User& before, const std::string& there) {
    auto organizations = organizations_of(change.store(), before.id);
    std::erase(organizations, there);
    if (!organizations.empty()) record_in(change, before, organizations);
}

void revoke_keys_of_nobody(Change& change, const std::string& user_id) {
    if (organizations_of(change.store(), user_id).empty()) revoke_keys_of(change, user_id);
}

}  // namespace together::roled
