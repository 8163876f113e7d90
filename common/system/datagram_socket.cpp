// SPDX-License-Identifier: Apache-2.0
#include "common/system/datagram_socket.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

namespace together {

DatagramSocket::DatagramSocket()
    : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {}

Sent DatagramSocket::send(const std::string& path, std::string_view text) const {
    sockaddr_un address{};
    if (!socket_ || path.size() >= sizeof address.sun_path) return Sent::nobody_there;
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    const auto sent = ::sendto(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL,
                               reinterpret_cast<const sockaddr*>(&address), sizeof address);
    if (sent >= 0) return Sent::yes;
    return errno == EAGAIN || errno == ENOBUFS ? Sent::queue_full : Sent::nobody_there;
}

}  // namespace together
