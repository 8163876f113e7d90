// SPDX-License-Identifier: Apache-2.0
// Requests and answers as the resources see them: plain values, no sockets.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace together::roled {

struct Request {
    std::string id;      // ours, for the x-request-id of the answer, the log and the audit trail
    std::string method;  // "GET"
    std::string target;  // as sent: path and query
    std::vector<std::pair<std::string, std::string>> headers;  // names in lower case, in order
    std::string body;
};

// The header's value; nothing where it is absent. Values of several are joined with ", ", which is
// what HTTP says they mean.
std::optional<std::string> header(const Request& request, std::string_view lower_case_name);

// The answer would be "unchanged": the caller asked to be told when that ends. Whoever holds
// requests asks again when the project's revision is no longer this one, or when the time is up.
struct LongPoll {
    std::string project_id;
    std::int64_t revision;
    std::chrono::seconds wait;
};

struct Response {
    unsigned status = 200;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;  // JSON, or empty
    std::optional<LongPoll>
        long_poll;            // the rest is then the answer to give if it cannot be a long poll
    bool is_a_nodes = false;  // the request had the key of a node that is valid
};

// A request is asked about once or, when it was a long poll, twice; the second time it is answered.
enum class Phase { may_long_poll, answer_now };

}  // namespace together::roled
