// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/http_exchange.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/post.hpp>
#include <stdexcept>
#include <utility>

#include "role_server/messages/json.h"

namespace together::fuzz {
namespace {

namespace net = boost::asio;

// The client's end.
class Client {
  public:
    explicit Client(int socket) : socket_(socket) {}
    ~Client() { ::close(socket_); }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    // As much of it as fits now; nothing where the server has gone.
    std::string_view send(std::string_view bytes) {
        const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        return sent < 0 ? std::string_view() : bytes.substr(static_cast<std::size_t>(sent));
    }
    void receive() {
        std::array<char, 65536> bytes{};
        for (;;) {
            const auto count = ::recv(socket_, bytes.data(), bytes.size(), MSG_DONTWAIT);
            if (count <= 0) return;
            received_.append(bytes.data(), static_cast<std::size_t>(count));
        }
    }
    void end() { (void)::shutdown(socket_, SHUT_WR); }
    const std::string& received() const { return received_; }

  private:
    const int socket_;
    std::string received_;
};

// Until the server has nothing to do before more comes.
void settle(net::io_context& io, PromptBackend& backend, Client& client) {
    do {
        io.restart();
        while (io.poll() > 0) {
            client.receive();
            io.restart();
        }
    } while (backend.answer_parked());
    client.receive();
}

}  // namespace

void PromptBackend::ask(std::shared_ptr<const http::Request> request,
                        std::shared_ptr<http::Asker> asker) {
    asked_.push_back(*request);
    net::post(io_, [this, one = Parked{std::move(request), std::move(asker)}] { answer(one); });
}

void PromptBackend::answer(const Parked& one) {
    auto response =
        std::make_shared<roled::Response>(answer_(*one.request, roled::Phase::may_long_poll));
    if (!response->long_poll) return one.asker->on_answer(response);
    parked_ = one;
    one.asker->on_parked(1, response->long_poll->wait, response->trusted);
}

bool PromptBackend::answer_parked() {
    const auto one = std::exchange(parked_, {});
    if (!one.asker) return false;
    one.asker->on_answer(
        std::make_shared<const roled::Response>(answer_(*one.request, roled::Phase::answer_now)));
    return true;
}

// As RequestDispatcher does.
http::Response PromptBackend::render(const http::Refusal& refusal) const {
    refused_.push_back(std::to_string(refusal.status) + ' ' + refusal.message);
    return roled::error_response({refusal.status, refusal.code, refusal.message, {}});
}

std::string exchange(net::io_context& io, PromptBackend& backend,
                     const std::vector<std::string_view>& pieces) {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
        throw std::runtime_error("no socketpair");
    Client client(ends[0]);
    http::ClientSocket socket(io, net::generic::stream_protocol(AF_UNIX, 0), ends[1]);
    http::Connections open({4, 4, 4});
    http::Server server{backend, open, nullptr};
    http::serve_connection(std::move(socket), {}, server);
    settle(io, backend, client);
    for (auto left : pieces)
        while (!left.empty()) {
            left = client.send(left);
            settle(io, backend, client);
        }
    client.end();
    settle(io, backend, client);
    if (!open.empty()) throw std::runtime_error("the connection outlives its client");
    return client.received();
}

}  // namespace together::fuzz
