// SPDX-License-Identifier: Apache-2.0
#include "http_client/reserved_ports.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdint>

#include "common/system/random.h"

namespace together {
namespace {

constexpr int lowest = 512;  // below are the ports of well-known services
constexpr int highest = 1023;

bool bind_to(int socket, int family, int port) {
    sockaddr_storage storage{};
    socklen_t length = 0;
    if (family == AF_INET) {
        auto& address = reinterpret_cast<sockaddr_in&>(storage);
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<std::uint16_t>(port));
        length = sizeof address;
    } else {
        auto& address = reinterpret_cast<sockaddr_in6&>(storage);
        address.sin6_family = AF_INET6;
        address.sin6_port = htons(static_cast<std::uint16_t>(port));
        length = sizeof address;
    }
    return ::bind(socket, reinterpret_cast<const sockaddr*>(&storage), length) == 0;
}

// From any port on: one that was used a minute ago cannot reach the same peer again at once.
FileDescriptor reserved_socket(int family) {
    FileDescriptor socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP));
    if (!socket) return socket;
    constexpr int count = highest - lowest + 1;
    const int first = static_cast<int>(random_fraction() * (count - 1));
    for (int i = 0; i < count; ++i)
        if (bind_to(socket.get(), family, lowest + (first + i) % count)) return socket;
    return {};
}

int family_of(const FileDescriptor& socket) {
    int family = AF_UNSPEC;
    socklen_t size = sizeof family;
    ::getsockopt(socket.get(), SOL_SOCKET, SO_DOMAIN, &family, &size);
    return family;
}

}  // namespace

ReservedSockets bind_reserved_ports() {
    ReservedSockets sockets;
    for (const int family : {AF_INET, AF_INET6})
        for (std::size_t i = 0; i < max_reserved_sockets / 2; ++i)
            if (auto socket = reserved_socket(family)) sockets.push_back(std::move(socket));
    return sockets;
}

FileDescriptor take_socket(ReservedSockets& sockets, int family) {
    const auto found = std::find_if(sockets.begin(), sockets.end(), [&](const auto& socket) {
        return socket && family_of(socket) == family;
    });
    return found == sockets.end() ? FileDescriptor() : std::move(*found);
}

}  // namespace together
