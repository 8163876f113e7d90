// SPDX-License-Identifier: Apache-2.0
// Asks an authority what api-check needs to know, in the unprivileged child. Judges nothing.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "common/node_config/node_config.h"
#include "http_client/http_client.h"
#include "together_refresh/source/fetch.h"
#include "together_refresh/source/roster_document.h"

namespace together {

// One request for a roster, and how it differs from a node's plain one.
struct ProbeRequest {
    std::string project;
    std::string token;
    std::size_t limit;
    std::string cursor;
    std::string etag;
    std::chrono::seconds wait{0};
};

struct ProbeAnswer {
    HttpAnswer http;
    Nanoseconds took{};
};

// A roster, read to its end.
struct ReadRoster {
    std::vector<RosterEntry> entries;
    std::vector<std::string> left_out;
    std::optional<std::int64_t> revision;
    std::string etag;  // of its first page
    std::size_t pages = 0;
    std::size_t bytes = 0;
    std::size_t max_page = 0;  // entries

    std::size_t size() const { return entries.size() + left_out.size(); }
};

class AuthorityProbe {
  public:
    AuthorityProbe(const NodeConfig& config, HttpClient& client, const FetchRequest& request)
        : config_(config), client_(client), request_(request) {}

    // As a node asks: its project, its token, its limit.
    ProbeRequest plain() const;
    ProbeAnswer ask(const ProbeRequest& request);
    // All pages. Starts over, twice at most, where the roster changes meanwhile. The error says
    // what a page lacked.
    Result<ReadRoster> read(std::size_t limit);

    // So many answers had no x-request-id.
    int without_request_id() const { return without_request_id_; }

  private:
    enum class Step { more, last, changed };
    Result<Step> read_page(ReadRoster& roster, ProbeRequest& request);

    const NodeConfig& config_;
    HttpClient& client_;
    const FetchRequest& request_;
    int without_request_id_ = 0;
};

}  // namespace together
