// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/http/node_fault.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

#include "common/system/file_descriptor.h"
#include "common/system/trusted_file.h"

namespace together {
namespace {

// Connecting a UDP socket and binding a TCP one take a port as a look-up and a connection do.
bool takes_a_port(int type) {
    const FileDescriptor socket(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
    if (!socket) return errno == EAFNOSUPPORT;
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const auto* const peer = reinterpret_cast<const sockaddr*>(&address);
    if (type == SOCK_STREAM) return ::bind(socket.get(), peer, sizeof address) == 0;
    address.sin_port = htons(53);
    return ::connect(socket.get(), peer, sizeof address) == 0;
}

}  // namespace

bool is_of_this_node(int error) {
    switch (error) {
        case EADDRNOTAVAIL:
        case EADDRINUSE:
        case EAGAIN:
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM:
        case ENOSPC:
        case EDQUOT:
            return true;
        default:
            return false;
    }
}

std::optional<std::string> why_no_port() {
    for (const int type : {SOCK_DGRAM, SOCK_STREAM})
        if (!takes_a_port(type) && is_of_this_node(errno))
            return system_error_text(type == SOCK_DGRAM
                                         ? "this node has no local port left for a look-up"
                                         : "this node has no local port left for a connection",
                                     errno);
    return std::nullopt;
}

}  // namespace together
