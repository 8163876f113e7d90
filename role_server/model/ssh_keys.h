// SPDX-License-Identifier: Apache-2.0
// The public keys with which a person logs in. All in the caller's transaction.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "role_server/base/errors.h"
#include "role_server/model/change.h"
#include "role_server/store/store.h"

namespace together::roled {

struct SshKey {
    std::string id, fingerprint, public_key, name;
    std::int64_t created_at = 0;
};

// In ascending order of id, at most `limit`, from the one after `after`.
void for_each_ssh_key(Store& store, const std::string& user_id, const std::string& after,
                      std::size_t limit, const std::function<void(const SshKey&)>& visit);
std::optional<SshKey> find_ssh_key(Store& store, const std::string& user_id,
                                   const std::string& key_id);

// 400 for what is no public key that may be used; 409 ssh_key_taken, too_many_ssh_keys.
Outcome<SshKey> add_ssh_key(Change& change, const std::string& user_id,
                            const std::string& public_key, const std::string& name);
void remove_ssh_key(Change& change, const std::string& user_id, const std::string& key_id);

}  // namespace together::roled
