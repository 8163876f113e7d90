// SPDX-License-Identifier: Apache-2.0
// Keys of all three kinds: of a person, of a project, of a project's nodes. All in the caller's
// transaction.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "role_server/access/credentials.h"
#include "role_server/base/errors.h"
#include "role_server/model/change.h"
#include "role_server/store/store.h"

namespace together::roled {

// Whose: a user's or a project's, by the kind.
struct KeyOwner {
    KeyKind kind = KeyKind::user;
    std::string id;
};

struct Key {
    std::string id, name, created_by;
    std::int64_t created_at = 0;
    std::optional<std::int64_t> expires_at, last_used_at;
    std::optional<std::string> audience_id;  // of a person's
    std::optional<std::string> scopes;       // of a project's, as stored
    KeyOwner owner = {};                     // of one that was read
};

// Those that still open something, in ascending order of id, at most `limit`, from the one after
// `after`.
void for_each_key(Store& store, const KeyOwner& owner, std::int64_t now, const std::string& after,
                  std::size_t limit, const std::function<void(const Key&)>& visit);
std::optional<Key> find_key(Store& store, const KeyOwner& owner, const std::string& key_id,
                            std::int64_t now);

// Of everybody, for the operator.
void for_each_key(Store& store, std::int64_t now, const std::function<void(const Key&)>& visit);
std::optional<Key> find_key(Store& store, const std::string& key_id, std::int64_t now);

// The key has id and token of the answer. 409 too_many_keys.
Outcome<NewKey> create_key(Change& change, const KeyOwner& owner, const Key& wanted);

void revoke_key(Change& change, const std::string& key_id);
// A person's, all of them; or those of them for one project.
void revoke_keys_of(Change& change, const std::string& user_id);
void revoke_keys_for(Change& change, const std::string& user_id, const std::string& project_id);
// A project's own, its nodes', and people's for it.
void revoke_keys_of_project(Change& change, const std::string& project_id);

// Notes when a key was used last. In a write transaction.
void note_use(Store& store, const std::string& key_id, std::int64_t now);

}  // namespace together::roled
