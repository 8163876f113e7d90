// SPDX-License-Identifier: Apache-2.0
#include "role_server/access/authenticate.h"

#include "role_server/access/credentials.h"
#include "role_server/base/crypto.h"
#include "role_server/base/validation.h"

namespace together::roled {
namespace {

struct StoredKey {
    std::string secret_hash, user_id, project_id;
    long long expires_at = 0, last_used_at = 0, revoked_at = 0;
    soci::indicator has_user = soci::i_null, has_project = soci::i_null, expires = soci::i_null,
                    used = soci::i_null, revoked = soci::i_null;
};

std::optional<std::string> bearer_token(const Request& request) {
    constexpr std::string_view scheme = "bearer ";
    const auto value = header(request, "authorization");
    if (!value || without_case(value->substr(0, scheme.size())) != scheme) return std::nullopt;
    return value->substr(scheme.size());
}

bool load(Store& store, const PresentedKey& key, StoredKey& row) {
    const std::string kind = key.kind == KeyKind::user   ? "user"
                             : key.kind == KeyKind::node ? "node"
                                                         : "project";
    store.sql() << "SELECT secret_hash, user_id, project_id, expires_at, last_used_at, revoked_at"
                   " FROM api_keys WHERE id = :id AND kind = :kind",
        soci::into(row.secret_hash), soci::into(row.user_id, row.has_user),
        soci::into(row.project_id, row.has_project), soci::into(row.expires_at, row.expires),
        soci::into(row.last_used_at, row.used), soci::into(row.revoked_at, row.revoked),
        soci::use(key.id), soci::use(kind);
    return store.sql().got_data();
}

Actor actor_of(const PresentedKey& key, const StoredKey& row) {
    Actor actor;
    actor.kind = key.kind == KeyKind::user   ? Actor::Kind::person
                 : key.kind == KeyKind::node ? Actor::Kind::node
                                             : Actor::Kind::project_key;
    actor.key_id = key.id;
    if (row.has_user == soci::i_ok) actor.user_id = row.user_id;
    if (row.has_project == soci::i_ok) actor.project_id = row.project_id;
    if (row.used == soci::i_ok) actor.last_used_at = row.last_used_at;
    return actor;
}

}  // namespace

Authentication authenticate(Store& store, const Request& request, std::int64_t now) {
    const auto token = bearer_token(request);
    if (!token)
        return {unauthenticated("missing_token", "Send 'Authorization: Bearer' and a token."), {}};
    const auto key = read_token(*token);
    const Refusal invalid = unauthenticated("invalid_token", "This token is not valid.");
    if (!key) return {invalid, {}};
    // An unknown key is compared too, so that the time taken does not tell which ones exist.
    StoredKey row;
    const bool known = load(store, *key, row);
    if (!known) row.secret_hash = std::string(key->secret_hash.size(), '0');
    if (!equal_in_constant_time(row.secret_hash, key->secret_hash) || !known)
        return {invalid, known ? key->id : std::string()};
    if (row.revoked == soci::i_ok)
        return {unauthenticated("revoked_token", "This token has been revoked."), key->id};
    if (row.expires == soci::i_ok && row.expires_at <= now)
        return {unauthenticated("expired_token", "This token has expired."), key->id};
    return {actor_of(*key, row), key->id};
}

}  // namespace together::roled
