// SPDX-License-Identifier: Apache-2.0
// Accepts connections on one address. I/O thread only.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/system/result.h"
#include "role_server/http/connection.h"

namespace together::roled {

class Listener {
  public:
    // The references outlive the listener and its connections; `open` outlives `io` too, whose
    // destruction ends the connections that are left.
    Listener(boost::asio::io_context& io, boost::asio::ssl::context* tls, Backend& backend,
             Connections& open);

    // Port 0 takes any that is free; returns the address that it got.
    Result<boost::asio::ip::tcp::endpoint> listen(const boost::asio::ip::tcp::endpoint& at);
    void stop();

  private:
    void accept();
    void accept_later();

    const HttpLimits limits_;
    boost::asio::ssl::context* tls_;
    Backend& backend_;
    Connections& open_;
    boost::asio::ip::tcp::acceptor acceptor_;
    boost::asio::steady_timer pause_;
};

}  // namespace together::roled
