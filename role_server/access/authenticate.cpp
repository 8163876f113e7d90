// SPDX-License-Identifier: Apache-2.0
#include "role_server/access/authenticate.h"

#include "role_server/base/crypto.h"
#include "role_server/base/validation.h"

namespace together::roled {
namespace {

struct StoredKey {
    std::string secret_hash;
    std::optional<std::string> user_id, project_id, audience_id, scopes;
    std::optional<Number> expires_at, last_used_at, revoked_at;
};

std::optional<std::string> bearer_token(const Request& request) {
    constexpr std::string_view scheme = "bearer ";
    const auto value = header(request, "authorization");
    if (!value || without_case(value->substr(0, scheme.size())) != scheme) return std::nullopt;
    return value->substr(scheme.size());
}

std::optional<StoredKey> load(Store& store, const PresentedKey& key) {
    const std::string kind(word_for(key.kind));
    StoredKey row;
    const bool known = store.run(
        "SELECT secret_hash, user_id, project_id, audience_id, scopes, expires_at, last_used_at,"
        " revoked_at FROM api_keys WHERE id = :id AND kind = :kind",
        soci::into(row.secret_hash), soci::into(row.user_id), soci::into(row.project_id),
        soci::into(row.audience_id), soci::into(row.scopes), soci::into(row.expires_at),
        soci::into(row.last_used_at), soci::into(row.revoked_at), soci::use(key.id),
        soci::use(kind));
    return known ? std::optional(row) : std::nullopt;
}

std::optional<StoredKey> stored_key(Store& store, const PresentedKey& key) {
    return store.remembered().get("key " + std::string(word_for(key.kind)) + ' ' + key.id,
                                  [&] { return load(store, key); });
}

Actor::Kind kind_of(KeyKind kind) {
    switch (kind) {
        case KeyKind::user:
            return Actor::Kind::person;
        case KeyKind::node:
            return Actor::Kind::node;
        case KeyKind::project:
        case KeyKind::invitation:  // none is stored as a key
            break;
    }
    return Actor::Kind::project_key;
}

Actor actor_of(const PresentedKey& key, const StoredKey& row) {
    Actor actor;
    actor.kind = kind_of(key.kind);
    actor.key_id = key.id;
    actor.user_id = row.user_id.value_or("");
    actor.project_id = row.project_id.value_or("");
    actor.audience_id = row.audience_id.value_or("");
    actor.scopes = Scopes::stored(row.scopes.value_or(""));
    actor.last_used_at = row.last_used_at;
    return actor;
}

}  // namespace

std::string presented_key_id(const Request& request) {
    const auto token = bearer_token(request);
    const auto key = token ? read_token(*token) : std::nullopt;
    return key ? key->id : std::string();
}

Authentication authenticate_token(Store& store, const std::string& token, std::int64_t now) {
    const auto key = read_token(token);
    const Refusal invalid = unauthenticated("invalid_token", "This token is not valid.");
    if (!key) return {invalid, {}};
    // An unknown key is compared too, so that the time taken does not tell which ones exist.
    const auto stored = stored_key(store, *key);
    const bool known = stored.has_value();
    StoredKey row = stored.value_or(StoredKey());
    if (!known) row.secret_hash = std::string(key->secret_hash.size(), '0');
    if (!equal_in_constant_time(row.secret_hash, key->secret_hash) || !known)
        return {invalid, known ? key->id : std::string()};
    if (row.revoked_at)
        return {unauthenticated("revoked_token", "This token has been revoked."), key->id};
    if (row.expires_at && *row.expires_at <= now)
        return {unauthenticated("expired_token", "This token has expired."), key->id};
    return {actor_of(*key, row), key->id};
}

Authentication authenticate(Store& store, const Request& request, std::int64_t now) {
    const auto token = bearer_token(request);
    if (!token)
        return {unauthenticated("missing_token", "Send 'Authorization: Bearer' and a token."), {}};
    return authenticate_token(store, *token, now);
}

}  // namespace together::roled
