// SPDX-License-Identifier: Apache-2.0
// Runs the authority until it is told to stop.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "common/system/result.h"
#include "http_server/certificates.h"
#include "http_server/trusted_proxies.h"

namespace together::roled {

struct ListenAddress {
    std::string address;     // numeric
    std::uint16_t port = 0;  // 0: any that is free
};

struct ServeOptions {
    std::string db;
    ListenAddress listen{"127.0.0.1", 8480};
    std::optional<ListenAddress> metrics;  // plain http, without a key
    http::CertificateFiles tls;            // read again on SIGHUP
    http::TrustedProxies proxies;
    bool logs_requests = false;  // a line of JSON each, to standard error
    std::size_t max_waiters = 10'000;
    std::size_t max_per_address = 0;  // connections; 0: half of all, 64 at least
    // Of them such as have shown no valid node key. A proxy's or NAT's need more.
    std::size_t max_unknown_per_address = 256;
    std::chrono::milliseconds drain{
        1000};  // how long /readyz says 503 before connections are refused
};

// Prints "listening on http://ADDRESS:PORT" to standard output when it accepts connections. Blocks
// until SIGTERM or SIGINT and what was under way has been answered.
Result<void> serve(const ServeOptions& options);

}  // namespace together::roled
