// SPDX-License-Identifier: Apache-2.0
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>

#include "http_server/transport.h"

namespace together::http {
namespace {

class PlainTransport final : public Transport {
  public:
    explicit PlainTransport(int socket) : socket_(socket) {}

    Step read(char* to, std::size_t size) override {
        return step(::recv(socket_, to, size, 0), State::needs_readable);
    }

    Step write(std::string_view first, std::string_view second) override {
        std::array<iovec, 2> texts{iovec{const_cast<char*>(first.data()), first.size()},
                                   iovec{const_cast<char*>(second.data()), second.size()}};
        msghdr message{};
        message.msg_iov = texts.data();
        message.msg_iovlen = texts.size();
        return step(::sendmsg(socket_, &message, MSG_NOSIGNAL), State::needs_writable);
    }

    void finish() override { (void)::shutdown(socket_, SHUT_WR); }

  private:
    static Step step(ssize_t count, State otherwise) {
        if (count > 0) return {State::done, static_cast<std::size_t>(count)};
        const bool later = count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
        return {later ? otherwise : State::over};
    }

    const int socket_;
};

}  // namespace

bool has_sent_something(int socket) {
    tcp_info info{};
    socklen_t size = sizeof(info);
    return ::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 &&
           info.tcpi_bytes_received > 0;
}

std::unique_ptr<Transport> plain_transport(int socket) {
    return std::make_unique<PlainTransport>(socket);
}

}  // namespace together::http
