// SPDX-License-Identifier: Apache-2.0
// The audit trail: every change, in the change's own transaction, and refusals. In the order of
// commits, without gaps, each record with the hash of the one before it.
#pragma once

#include <json/value.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "common/system/result.h"
#include "role_server/store/store.h"

namespace together::roled {

enum class Origin { api, cli, system };
std::string_view word_for(Origin origin);

// Whose act it is.
struct Author {
    Origin origin = Origin::api;
    std::string request_id;
    std::string address;  // of the client; may be empty
    std::string actor;    // a user, a key that belongs to nobody, "operator" or "system"
    std::string key_id;
};

struct AuditRecord {
    Author author;
    std::string organization_id;  // whose Admins may read it; empty: nobody's
    std::string action;           // as in the permission tables
    std::string target;
    std::string outcome = "allowed";
    std::string reason;
    Json::Value before, after;
    std::int64_t count = 1;  // of refusals alike that it stands for
};

// In a write transaction.
void append(Store& store, const AuditRecord& record);

struct StoredRecord {
    std::int64_t seq = 0, time_ms = 0, count = 1;
    std::string request_id, origin, actor, action, target, outcome, hash;
    std::optional<std::string> organization_id, address, key_id, reason, before, after;
};

// In ascending order, at most `limit`, from the one after `after`. Of one organization, or of all
// where `organization_id` is empty.
void for_each_record(Store& store, const std::string& organization_id, std::int64_t after,
                     std::size_t limit, const std::function<void(const StoredRecord&)>& visit);
Json::Value to_json(const StoredRecord& record);

// The number of the newest record: it changes with everything that is changed.
std::int64_t newest_record(Store& store);

// How many records there are, all of them as they were written; else what is wrong.
Result<std::int64_t> verify_trail(Store& store);

// Forgets what is older. How many records that were.
std::int64_t prune_trail(Store& store, std::int64_t before_ms);

}  // namespace together::roled
