// SPDX-License-Identifier: Apache-2.0
#include "role_server/model/restore.h"

#include "role_server/base/crypto.h"
#include "role_server/model/audit.h"
#include "role_server/model/keys.h"
#include "role_server/store/schema.h"

namespace together::roled {
namespace {

// What, id, where and who of all that opens something.
constexpr const char* openings =
    "SELECT CASE WHEN o.owner_id = m.user_id THEN 'owner' ELSE m.role END, m.user_id, o.name,"
    " u.email FROM members m JOIN organizations o ON o.id = m.organization_id"
    " JOIN users u ON u.id = m.user_id WHERE m.suspended_at IS NULL"
    " AND (m.until IS NULL OR m.until > :now1)"
    " UNION ALL SELECT 'project ' || r.role, r.user_id, p.name, u.email FROM effective_roles r"
    " JOIN projects p ON p.id = r.project_id JOIN users u ON u.id = r.user_id"
    " WHERE r.until IS NULL OR r.until > :now2"
    " UNION ALL SELECT 'invitation', i.id, COALESCE(p.name, o.name), COALESCE(i.email, i.login)"
    " FROM invitations i JOIN organizations o ON o.id = i.organization_id"
    " LEFT JOIN projects p ON p.id = i.project_id"
    " WHERE i.used_at IS NULL AND i.revoked_at IS NULL AND i.expires_at > :now3"
    " UNION ALL SELECT k.kind || ' key', k.id, COALESCE(p.name, '-'), COALESCE(u.email, k.name)"
    " FROM api_keys k LEFT JOIN projects p ON p.id = k.project_id"
    " LEFT JOIN users u ON u.id = k.user_id"
    " WHERE k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > :now4)"
    " UNION ALL SELECT 'ssh key', s.id, s.fingerprint, u.email FROM ssh_keys s"
    " JOIN users u ON u.id = s.user_id ORDER BY 1, 4, 2";

}  // namespace

void begin_new_epoch(Change& change) {
    auto& store = change.store();
    set_epoch(store, random_base62(8));
    const Number now = now_milliseconds();
    store.run(
        "UPDATE projects SET revision = CASE WHEN revision > :now1 THEN revision ELSE :now2 END + "
        "1",
        soci::use(now), soci::use(now));
}

void revoke_all_personal_tokens(Change& change) {
    std::vector<std::string> ids;
    for_each_key(change.store(), change.now(), [&](const Key& key) {
        if (key.owner.kind == KeyKind::user) ids.push_back(key.id);
    });
    for (const auto& id : ids) revoke_key(change, id);
}

BackupEnd end_of_backup(Store& store) {
    Number seq = newest_record(store), time = 0;
    store.run("SELECT time_ms FROM trail WHERE seq = :seq", soci::into(time), soci::use(seq));
    return {seq, time};
}

std::vector<Opening> all_openings(Store& store, std::int64_t now) {
    const Number time = now;
    std::vector<Opening> found;
    Opening row;
    store.each(
        openings, [&] { found.push_back(row); }, soci::into(row.what), soci::into(row.id),
        soci::into(row.where), soci::into(row.who), soci::use(time), soci::use(time),
        soci::use(time), soci::use(time));
    return found;
}

}  // namespace together::roled
