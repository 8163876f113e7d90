// SPDX-License-Identifier: Apache-2.0
// One request over libcurl, with every limit that an authority or somebody in between could try.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/system/deadline.h"
#include "http_client/reserved_ports.h"

namespace together {

struct HttpRequest {
    std::string url;
    std::string token;             // empty: no Authorization
    std::string etag;              // If-None-Match, where not empty
    std::chrono::seconds wait{0};  // Prefer: wait, where not zero
    Deadline deadline;
    Deadline first_byte_deadline;
    // Of `url`'s host, or of the proxy: tried in turn where its name cannot be looked up.
    std::vector<std::string> addresses = {};
    std::string node = {};                          // Together-Node, where not empty
    std::shared_ptr<ReservedSockets> sockets = {};  // connected with first, each once
    std::string method = "GET";
    std::string body = {};             // JSON, where not empty
    std::string idempotency_key = {};  // Idempotency-Key, where not empty
};

struct HttpAnswer {
    // 0: there was no answer, and `error` says why.
    long status = 0;
    std::string error;
    // The peer could not be reached or went away: worth another try, as 5xx is.
    bool connection_failed = false;
    bool timed_out = false;
    bool tls_failed = false;   // no TLS that we accept, or a certificate that we do not trust
    bool node_failed = false;  // this node could not ask: the authority has nothing to do with it
    bool needs_port = false;   // another local port may help
    std::string address;       // where the answer came from
    std::string body;          // decompressed
    std::string content_type;
    std::string etag;
    std::string request_id;
    std::string retry_after;
    std::string as_of;               // Together-As-Of
    std::string preference_applied;  // Preference-Applied
    std::string cache_control;
    std::string date;
    std::string revision;  // Together-Revision
};

struct HttpClientSettings {
    std::string program;  // User-Agent
    std::string proxy;    // empty: none
    std::string ca_file;  // empty: the system's store
};

// Keeps its connection between requests. Not thread-safe. Redirects are never followed, environment
// variables never consulted, TLS is 1.2 or newer.
class HttpClient {
  public:
    explicit HttpClient(HttpClientSettings settings);
    ~HttpClient();
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;

    HttpAnswer send(const HttpRequest& request);

  private:
    struct Handle;
    HttpAnswer send_once(const HttpRequest& request, const std::string& address,
                         bool& unknown_host);
    HttpClientSettings settings_;
    std::unique_ptr<Handle> handle_;
};

}  // namespace together
