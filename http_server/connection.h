// SPDX-License-Identifier: Apache-2.0
// One client's connection: requests one after the other, each answered before the next is read.
//
// While its request is parked it is read on, so that a client that vanishes gives its place free at
// once, and keeps no buffer. I/O thread only. Keeps itself alive through its pending operations.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>

#include "http_server/backend.h"
#include "http_server/connections.h"
#include "http_server/handshakes.h"
#include "http_server/limits.h"
#include "http_server/trusted_proxies.h"

namespace together::http {

// What all connections have in common; outlives them.
struct Server {
    Backend& backend;
    Connections& open;
    Handshakes* handshakes;  // null: plain HTTP
    TrustedProxies proxies = {};
    bool reports_answers = false;  // to backend.on_answered()
    HttpLimits limits = {};
};

// Of TCP, or of a socket of this machine, whose clients all have the unspecified address.
using ClientSocket = boost::asio::generic::stream_protocol::socket;

void serve_connection(ClientSocket socket, const Connections::Address& peer, Server& server);

}  // namespace together::http
