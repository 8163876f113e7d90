// SPDX-License-Identifier: Apache-2.0
// Accepts connections on one address. I/O thread only.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/system/result.h"
#include "http_server/connection.h"

namespace together::http {

class Listener {
  public:
    // `server` outlives the listener and its connections, and `server.open` outlives `io` too,
    // whose destruction ends the connections that are left.
    Listener(boost::asio::io_context& io, Server& server)
        : server_(server), acceptor_(io), pause_(io) {}

    // Port 0 takes any that is free; returns the address that it got.
    Result<boost::asio::ip::tcp::endpoint> listen(const boost::asio::ip::tcp::endpoint& at);
    void stop();

  private:
    void accept();
    void accept_later();

    Server& server_;
    boost::asio::ip::tcp::acceptor acceptor_;
    boost::asio::steady_timer pause_;
};

}  // namespace together::http
