// SPDX-License-Identifier: Apache-2.0
#include "role_server/model/keys.h"

#include <vector>

namespace together::roled {
namespace {

constexpr Number max_keys = 50;

const std::string still_good = "revoked_at IS NULL AND (expires_at IS NULL OR expires_at > :now)";

const std::string select_keys =
    "SELECT id, name, created_by, created_at, expires_at, last_used_at, audience_id, scopes,"
    " kind, COALESCE(user_id, project_id) FROM api_keys WHERE " +
    still_good;

std::string owned_by(KeyKind kind) {
    switch (kind) {
        case KeyKind::user:
            return " AND kind = 'user' AND user_id = :owner";
        case KeyKind::project:
            return " AND kind = 'project' AND project_id = :owner";
        case KeyKind::node:
        case KeyKind::invitation:
            break;
    }
    return " AND kind = 'node' AND project_id = :owner";
}

KeyKind kind_named(const std::string& word) {
    for (const auto kind : {KeyKind::project, KeyKind::node})
        if (word == word_for(kind)) return kind;
    return KeyKind::user;
}

template <class Visit, class... Use>
void read(Store& store, const std::string& where, const Visit& visit, const Use&... use) {
    Key key;
    std::string kind;
    Number created = 0;
    std::optional<Number> expires, used;
    store.each(
        select_keys + where,
        [&] {
            key.created_at = created;
            key.expires_at = expires;
            key.last_used_at = used;
            key.owner.kind = kind_named(kind);
            visit(key);
        },
        soci::into(key.id), soci::into(key.name), soci::into(key.created_by), soci::into(created),
        soci::into(expires), soci::into(used), soci::into(key.audience_id), soci::into(key.scopes),
        soci::into(kind), soci::into(key.owner.id), use...);
}

Number count_of(Store& store, const KeyOwner& owner, Number now) {
    Number count = 0;
    store.run("SELECT COUNT(*) FROM api_keys WHERE " + still_good + owned_by(owner.kind),
              soci::into(count), soci::use(now), soci::use(owner.id));
    return count;
}

// Those that `where` finds and that nobody has revoked before.
void revoke_where(Change& change, const std::string& where, const std::string& a,
                  const std::string& b) {
    auto& store = change.store();
    std::vector<std::string> ids;
    std::string id;
    store.each(
        "SELECT id FROM api_keys WHERE revoked_at IS NULL AND " + where, [&] { ids.push_back(id); },
        soci::into(id), soci::use(a), soci::use(b));
    for (const auto& key_id : ids) revoke_key(change, key_id);
}

}  // namespace

void for_each_key(Store& store, const KeyOwner& owner, std::int64_t now, const std::string& after,
                  std::size_t limit, const std::function<void(const Key&)>& visit) {
    const Number time = now, most = static_cast<Number>(limit);
    read(store, owned_by(owner.kind) + " AND id > :after ORDER BY id LIMIT :most", visit,
         soci::use(time), soci::use(owner.id), soci::use(after), soci::use(most));
}

std::optional<Key> find_key(Store& store, const KeyOwner& owner, const std::string& key_id,
                            std::int64_t now) {
    const Number time = now;
    std::optional<Key> found;
    read(
        store, owned_by(owner.kind) + " AND id = :id", [&](const Key& key) { found = key; },
        soci::use(time), soci::use(owner.id), soci::use(key_id));
    return found;
}

void for_each_key(Store& store, std::int64_t now, const std::function<void(const Key&)>& visit) {
    const Number time = now;
    read(store, " ORDER BY id", visit, soci::use(time));
}

std::optional<Key> find_key(Store& store, const std::string& key_id, std::int64_t now) {
    const Number time = now;
    std::optional<Key> found;
    read(
        store, " AND id = :id", [&](const Key& key) { found = key; }, soci::use(time),
        soci::use(key_id));
    return found;
}

Outcome<NewKey> create_key(Change& change, const KeyOwner& owner, const Key& wanted) {
    auto& store = change.store();
    const Number now = change.now();
    if (count_of(store, owner, now) >= max_keys)
        return conflict("too_many_keys", "There are 50 keys already: revoke one that is not used.");
    auto key = mint(owner.kind);
    const std::string kind(word_for(owner.kind));
    const bool personal = owner.kind == KeyKind::user;
    const auto user = personal ? std::optional(owner.id) : std::nullopt;
    const auto project = personal ? std::nullopt : std::optional(owner.id);
    const std::optional<Number> expires = wanted.expires_at;
    store.run(
        "INSERT INTO api_keys (id, kind, secret_hash, user_id, project_id, name, created_by,"
        " created_at, expires_at, audience_id, scopes) VALUES (:id, :kind, :hash, :user,"
        " :project, :name, :creator, :now, :expires, :audience, :scopes)",
        soci::use(key.id), soci::use(kind), soci::use(key.secret_hash), soci::use(user),
        soci::use(project), soci::use(wanted.name), soci::use(wanted.created_by), soci::use(now),
        soci::use(expires), soci::use(wanted.audience_id), soci::use(wanted.scopes));
    return key;
}

void revoke_key(Change& change, const std::string& key_id) {
    const Number now = change.now();
    change.store().run("UPDATE api_keys SET revoked_at = :now WHERE id = :id", soci::use(now),
                       soci::use(key_id));
    change.consequences().revoked_keys.insert(key_id);
}

void revoke_keys_of(Change& change, const std::string& user_id) {
    revoke_where(change, "kind = :kind AND user_id = :user", "user", user_id);
}

void revoke_keys_for(Change& change, const std::string& user_id, const std::string& project_id) {
    revoke_where(change, "user_id = :user AND audience_id = :project", user_id, project_id);
}

void revoke_keys_of_project(Change& change, const std::string& project_id) {
    revoke_where(change, "(project_id = :project OR audience_id = :audience)", project_id,
                 project_id);
}

void note_use(Store& store, const std::string& key_id, std::int64_t now) {
    const Number time = now;
    store.run("UPDATE api_keys SET last_used_at = :now WHERE id = :id", soci::use(time),
              soci::use(key_id));
}

}  // namespace together::roled
