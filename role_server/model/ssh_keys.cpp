// SPDX-License-Identifier: Apache-2.0
#include "role_server/model/ssh_keys.h"

#include "role_server/base/crypto.h"
#include "role_server/base/ssh_public_key.h"
#include "role_server/base/validation.h"

namespace together::roled {
namespace {

constexpr Number max_keys = 20;

template <class Visit, class... Use>
void read(Store& store, const std::string& where, const Visit& visit, const Use&... use) {
    SshKey row;
    Number created = 0;
    store.each(
        "SELECT id, fingerprint, public_key, name, created_at FROM ssh_keys"
        " WHERE user_id = :user" +
            where,
        [&] {
            row.created_at = created;
            visit(row);
        },
        soci::into(row.id), soci::into(row.fingerprint), soci::into(row.public_key),
        soci::into(row.name), soci::into(created), use...);
}

Outcome<void> require_room_for(Store& store, const std::string& user_id,
                               const std::string& fingerprint) {
    std::string id;
    if (store.run("SELECT id FROM ssh_keys WHERE user_id = :user AND fingerprint = :fingerprint",
                  soci::into(id), soci::use(user_id), soci::use(fingerprint)))
        return conflict("ssh_key_taken", "You have this key already.", "public_key");
    Number count = 0;
    store.run("SELECT COUNT(*) FROM ssh_keys WHERE user_id = :user", soci::into(count),
              soci::use(user_id));
    if (count >= max_keys)
        return conflict("too_many_ssh_keys", "You have 20 keys already: remove one.");
    return {};
}

}  // namespace

void for_each_ssh_key(Store& store, const std::string& user_id, const std::string& after,
                      std::size_t limit, const std::function<void(const SshKey&)>& visit) {
    const Number most = static_cast<Number>(limit);
    read(store, " AND id > :after ORDER BY id LIMIT :most", visit, soci::use(user_id),
         soci::use(after), soci::use(most));
}

std::optional<SshKey> find_ssh_key(Store& store, const std::string& user_id,
                                   const std::string& key_id) {
    std::optional<SshKey> found;
    read(
        store, " AND id = :id", [&](const SshKey& key) { found = key; }, soci::use(user_id),
        soci::use(key_id));
    return found;
}

Outcome<SshKey> add_ssh_key(Change& change, const std::string& user_id,
                            const std::string& public_key, const std::string& name) {
    const auto key = read_ssh_public_key(public_key);
    if (!key) return tl::unexpected(key.error());
    auto& store = change.store();
    if (auto room = require_room_for(store, user_id, key->fingerprint); !room)
        return tl::unexpected(room.error());
    const SshKey made{"key_" + random_base62(12), key->fingerprint, key->text,
                      name.empty() ? checked_name(key->comment, "name").value_or("key") : name,
                      change.now()};
    const Number now = change.now();
    store.run(
        "INSERT INTO ssh_keys (id, user_id, fingerprint, public_key, name, created_at)"
        " VALUES (:id, :user, :fingerprint, :key, :name, :now)",
        soci::use(made.id), soci::use(user_id), soci::use(made.fingerprint),
        soci::use(made.public_key), soci::use(made.name), soci::use(now));
    change.rosters_with(user_id);
    return made;
}

void remove_ssh_key(Change& change, const std::string& user_id, const std::string& key_id) {
    change.store().run("DELETE FROM ssh_keys WHERE user_id = :user AND id = :id",
                       soci::use(user_id), soci::use(key_id));
    change.rosters_with(user_id);
}

}  // namespace together::roled
