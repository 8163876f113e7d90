// SPDX-License-Identifier: Apache-2.0
// Accepts connections on one address of TCP, or at one path. I/O thread only.
#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <string>

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
    // Whoever is on this machine may connect. A socket that nobody listens at any more is replaced.
    Result<void> listen_at(const std::string& path);
    void stop();

  private:
    using Endpoint = boost::asio::generic::stream_protocol::endpoint;
    Result<void> begin(const Endpoint& at);
    void accept();
    void accept_later();

    Server& server_;
    boost::asio::basic_socket_acceptor<boost::asio::generic::stream_protocol> acceptor_;
    boost::asio::steady_timer pause_;
    std::string path_;  // of our socket, to be removed at the end
};

}  // namespace together::http
