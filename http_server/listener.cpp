// SPDX-License-Identifier: Apache-2.0
#include "http_server/listener.h"

#include <utility>

namespace together::http {
namespace {

namespace net = boost::asio;
using net::ip::tcp;
using Error = boost::system::error_code;

}  // namespace

Result<tcp::endpoint> Listener::listen(const tcp::endpoint& at) {
    Error error;
    acceptor_.open(at.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(at, error);
    if (!error) acceptor_.listen(net::socket_base::max_listen_connections, error);
    if (error) return failure("cannot listen: " + error.message());
    accept();
    return acceptor_.local_endpoint();
}

void Listener::accept() {
    acceptor_.async_accept([this](const Error& error, tcp::socket socket) {
        if (error == net::error::operation_aborted || !acceptor_.is_open()) return;
        if (error) return accept_later();
        // Closed at once beyond the limit: descriptors are needed for the database, too.
        Error ignored;
        if (server_.open.make_room(socket.remote_endpoint(ignored).address())) {
            socket.set_option(tcp::no_delay(true), ignored);
            serve_connection(std::move(socket), server_);
        }
        accept();
    });
}

// Out of descriptors or memory: trying again at once would spin.
void Listener::accept_later() {
    server_.backend.report("cannot accept connections for the moment");
    pause_.expires_after(std::chrono::milliseconds(100));
    pause_.async_wait([this](const Error& error) {
        if (!error && acceptor_.is_open()) accept();
    });
}

void Listener::stop() {
    Error ignored;
    acceptor_.close(ignored);
    pause_.cancel();
}

}  // namespace together::http
