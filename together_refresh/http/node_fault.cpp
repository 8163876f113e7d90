// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/http/node_fault.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "common/system/file_descriptor.h"
#include "common/system/trusted_file.h"

namespace together {
namespace {

// connect(2) takes no port that anybody has bound, to whatever address: a bind for both families
// fails beside any of them.
bool has_port(int type) {
    sockaddr_in6 both{};
    both.sin6_family = AF_INET6;
    const FileDescriptor socket(::socket(AF_INET6, type | SOCK_CLOEXEC, 0));
    if (socket) {
        const int no = 0;
        ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
        if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&both), sizeof both) == 0)
            return true;
        if (errno != EADDRNOTAVAIL) return false;
    } else if (errno != EAFNOSUPPORT) {
        return false;
    }
    sockaddr_in any{};
    any.sin_family = AF_INET;
    const FileDescriptor ipv4(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
    if (!ipv4) return errno == EAFNOSUPPORT;
    return ::bind(ipv4.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any) == 0;
}

// As many at once as a request has: of its connection, its certificates, the name service.
bool has_descriptors() {
    std::array<FileDescriptor, 8> files;
    return std::all_of(files.begin(), files.end(), [](FileDescriptor& file) {
        file = FileDescriptor(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        return static_cast<bool>(file);
    });
}

// libcurl looks names up in one.
int thread_error() {
    pthread_t thread{};
    const int error = ::pthread_create(
        &thread, nullptr, [](void*) -> void* { return nullptr; }, nullptr);
    if (error == 0) ::pthread_join(thread, nullptr);
    return error;
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

std::optional<UsedUp> what_is_used_up() {
    for (const int type : {SOCK_DGRAM, SOCK_STREAM})
        if (!has_port(type) && is_of_this_node(errno))
            return UsedUp{system_error_text(type == SOCK_DGRAM
                                                ? "this node has no local port left for a look-up"
                                                : "this node has no local port left for a "
                                                  "connection",
                                            errno),
                          true};
    if (!has_descriptors() && is_of_this_node(errno))
        return UsedUp{system_error_text("this node has no file left to open", errno)};
    if (const int error = thread_error(); is_of_this_node(error))
        return UsedUp{system_error_text("this node has no thread left", error)};
    return std::nullopt;
}

}  // namespace together
