// SPDX-License-Identifier: Apache-2.0
#include "http_server/listener.h"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/local/stream_protocol.hpp>
#include <cstring>
#include <utility>

namespace together::http {
namespace {

namespace net = boost::asio;
using net::ip::tcp;
using Error = boost::system::error_code;
using AtPath = net::local::stream_protocol;

// Those of a path have none.
tcp::endpoint endpoint_of(const net::generic::stream_protocol::endpoint& at) {
    tcp::endpoint endpoint;
    const auto family = at.protocol().family();
    if ((family != AF_INET && family != AF_INET6) || at.size() > endpoint.capacity()) return {};
    std::memcpy(endpoint.data(), at.data(), at.size());
    endpoint.resize(at.size());
    return endpoint;
}

// Left by one of us that was killed. Anything else at that path is somebody's.
Result<void> remove_what_nobody_listens_at(net::io_context& io, const std::string& path) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) return {};
    if (!S_ISSOCK(status.st_mode)) return failure("cannot listen: " + path + " is no socket");
    Error error;
    AtPath::socket probe(io);
    (void)probe.connect(AtPath::endpoint(path), error);
    if (error != net::error::connection_refused)
        return failure("cannot listen: somebody listens at " + path);
    (void)::unlink(path.c_str());
    return {};
}

}  // namespace

Result<tcp::endpoint> Listener::listen(const tcp::endpoint& at) {
    if (auto begun = begin(at); !begun) return tl::unexpected(begun.error());
    return endpoint_of(acceptor_.local_endpoint());
}

Result<void> Listener::listen_at(const std::string& path) {
    auto& io = static_cast<net::io_context&>(acceptor_.get_executor().context());
    if (auto removed = remove_what_nobody_listens_at(io, path); !removed) return removed;
    if (auto begun = begin(AtPath::endpoint(path)); !begun) return begun;
    path_ = path;
    constexpr mode_t everybody = 0666;
    if (::chmod(path.c_str(), everybody) != 0) return failure("cannot open " + path + " to others");
    return {};
}

Result<void> Listener::begin(const Endpoint& at) {
    Error error;
    acceptor_.open(at.protocol(), error);
    if (!error) acceptor_.set_option(net::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(at, error);
    if (!error) acceptor_.listen(net::socket_base::max_listen_connections, error);
    if (error) return failure("cannot listen: " + error.message());
    accept();
    return {};
}

void Listener::accept() {
    acceptor_.async_accept([this](const Error& error, ClientSocket socket) {
        if (error == net::error::operation_aborted || !acceptor_.is_open()) return;
        if (error) return accept_later();
        // Closed at once beyond the limit: descriptors are needed for the database, too.
        Error ignored;
        const auto peer = endpoint_of(socket.remote_endpoint(ignored)).address();
        if (server_.open.make_room(peer)) {
            socket.set_option(tcp::no_delay(true), ignored);
            serve_connection(std::move(socket), peer, server_);
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
    if (!path_.empty()) (void)::unlink(std::exchange(path_, {}).c_str());
}

}  // namespace together::http
