// SPDX-License-Identifier: Apache-2.0
#include "role_server/model/keys.h"

namespace together::roled {
namespace {

struct Row {
    std::string id, name, created_by;
    long long created_at = 0, expires_at = 0, last_used_at = 0;
    soci::indicator expires = soci::i_null, used = soci::i_null;
};

const std::string select_rows =
    "SELECT id, name, created_by, created_at, expires_at, last_used_at FROM api_keys"
    " WHERE project_id = :project AND kind = 'node' AND revoked_at IS NULL";

ProjectKey from(const Row& row) {
    ProjectKey key{row.id, row.name, row.created_by, row.created_at, {}, {}};
    if (row.expires == soci::i_ok) key.expires_at = row.expires_at;
    if (row.used == soci::i_ok) key.last_used_at = row.last_used_at;
    return key;
}

}  // namespace

void for_each_node_key(Store& store, const std::string& project_id, const std::string& after,
                       std::size_t limit, const std::function<void(const ProjectKey&)>& visit) {
    Row row;
    const auto most = static_cast<long long>(limit);
    soci::statement query =
        (store.sql().prepare << select_rows + " AND id > :after ORDER BY id LIMIT :most",
         soci::use(project_id), soci::use(after), soci::use(most), soci::into(row.id),
         soci::into(row.name), soci::into(row.created_by), soci::into(row.created_at),
         soci::into(row.expires_at, row.expires), soci::into(row.last_used_at, row.used));
    query.execute();
    while (query.fetch()) visit(from(row));
}

std::optional<ProjectKey> find_node_key(Store& store, const std::string& project_id,
                                        const std::string& key_id) {
    Row row;
    store.sql() << select_rows + " AND id = :id", soci::use(project_id), soci::use(key_id),
        soci::into(row.id), soci::into(row.name), soci::into(row.created_by),
        soci::into(row.created_at), soci::into(row.expires_at, row.expires),
        soci::into(row.last_used_at, row.used);
    if (!store.sql().got_data()) return std::nullopt;
    return from(row);
}

NewKey create_node_key(Store& store, const std::string& project_id, const ProjectKey& wanted) {
    auto key = mint(KeyKind::node);
    const long long created = wanted.created_at, expires = wanted.expires_at.value_or(0);
    auto has_expiry = wanted.expires_at ? soci::i_ok : soci::i_null;
    store.sql() << "INSERT INTO api_keys (id, kind, secret_hash, project_id, name, created_by,"
                   " created_at, expires_at)"
                   " VALUES (:id, 'node', :hash, :project, :name, :creator, :created, :expires)",
        soci::use(key.id), soci::use(key.secret_hash), soci::use(project_id),
        soci::use(wanted.name), soci::use(wanted.created_by), soci::use(created),
        soci::use(expires, has_expiry);
    return key;
}

void revoke_key(Store& store, const std::string& key_id) {
    const long long now = now_seconds();
    store.sql() << "UPDATE api_keys SET revoked_at = :now WHERE id = :id AND revoked_at IS NULL",
        soci::use(now), soci::use(key_id);
}

void note_use(Store& store, const std::string& key_id, std::int64_t now) {
    const long long time = now, minute_ago = now - 60;
    Transaction transaction(store, Transaction::Mode::write_if_free);
    store.sql() << "UPDATE api_keys SET last_used_at = :now"
                   " WHERE id = :id AND (last_used_at IS NULL OR last_used_at <= :ago)",
        soci::use(time), soci::use(key_id), soci::use(minute_ago);
    transaction.commit();
}

}  // namespace together::roled
