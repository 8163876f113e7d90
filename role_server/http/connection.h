// SPDX-License-Identifier: Apache-2.0
// One client's connection: requests one after the other, each answered before the next is read.
//
// While it is a long poll, the connection is read on, so that a client that vanishes gives its
// place free at once. I/O thread only. Keeps itself alive through its pending operations.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

#include "role_server/http/backend.h"
#include "role_server/http/connections.h"
#include "role_server/http/limits.h"

namespace together::roled {

// `tls` is null for plain HTTP, else outlives the connection, as does `open`.
void serve_connection(boost::asio::ip::tcp::socket socket, boost::asio::ssl::context* tls,
                      Backend& backend, Connections& open, const HttpLimits& limits);

}  // namespace together::roled
