// SPDX-License-Identifier: Apache-2.0
// An answer of the authority, which may be that one has to wait.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http_server/message.h"

namespace together::roled {

using http::header;
using http::Request;

// The answer would be "unchanged": the caller asked to be told when that ends. Whoever holds
// requests asks again when the project's revision is no longer this one, or when the time is up.
struct LongPoll {
    std::string project_id;
    std::int64_t revision;
    std::chrono::seconds wait;
    // Waits for its nodes: `revision` is then their progress.
    bool is_for_nodes = false;
};

// A node has asked for its roster, and has this revision of it by its own word.
struct NodeRequest {
    std::string organization_id, project_id, key_id;
    std::optional<std::int64_t> holds;
};

struct Response : http::Response {
    std::optional<LongPoll>
        long_poll;  // the rest is then the answer to give if it cannot be a long poll
    std::optional<NodeRequest> node_request;
};

// Nothing where it has none of that name, as it is written in the answer.
inline std::optional<std::string> header(const Response& response, std::string_view name) {
    for (const auto& [known, value] : response.headers)
        if (known == name) return value;
    return std::nullopt;
}

// A request is asked about once or, when it was a long poll, twice; the second time it is answered.
enum class Phase { may_long_poll, answer_now };

}  // namespace together::roled
