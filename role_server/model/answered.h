// SPDX-License-Identifier: Apache-2.0
// Answers to requests that came with an Idempotency-Key, so that one that is sent again is not
// carried out again. Without their secrets: those are shown once. Kept for a day.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "role_server/store/store.h"

namespace together::roled {

struct AnsweredRequest {
    std::string request_hash;  // of method, path and body
    unsigned status = 0;
    std::string body;
    std::optional<std::int64_t> revision;  // of the roster that changed
    // Of what was made or changed: where it is, and what it looked like then.
    std::optional<std::string> location, etag;
};

// Of whoever has this key: with whichever of their keys it came.
std::optional<AnsweredRequest> find_answered(Store& store, const std::string& key_id,
                                             const std::string& idempotency_key);
// How many are kept for whoever has this key, a person or a project, with all of their keys.
std::int64_t count_answered(Store& store, const std::string& key_id);
// In the transaction of the change that it answers.
void keep_answered(Store& store, const std::string& key_id, const std::string& idempotency_key,
                   const AnsweredRequest& answered, std::int64_t now);

}  // namespace together::roled
