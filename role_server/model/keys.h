// SPDX-License-Identifier: Apache-2.0
// The keys of a project: node keys now, API keys in the same table. All in the caller's
// transaction.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "role_server/access/credentials.h"
#include "role_server/base/errors.h"
#include "role_server/store/store.h"

namespace together::roled {

struct ProjectKey {
    std::string id, name, created_by;
    std::int64_t created_at = 0;
    std::optional<std::int64_t> expires_at, last_used_at;
};

// Those that are not revoked, in ascending order of id, at most `limit`, from the one after
// `after`.
void for_each_node_key(Store& store, const std::string& project_id, const std::string& after,
                       std::size_t limit, const std::function<void(const ProjectKey&)>& visit);
std::optional<ProjectKey> find_node_key(Store& store, const std::string& project_id,
                                        const std::string& key_id);

NewKey create_node_key(Store& store, const std::string& project_id, const ProjectKey& wanted);
void revoke_key(Store& store, const std::string& key_id);

// Notes the time, unless that was done less than a minute ago: a poll must not cost a write. Throws
// soci_error where somebody else is writing: nobody waits for a note.
void note_use(Store& store, const std::string& key_id, std::int64_t now);

}  // namespace together::roled
