// SPDX-License-Identifier: Apache-2.0
#include "http_client/node_fault.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <fstream>
#include <iterator>

#include "common/system/errno_text.h"
#include "common/system/file_descriptor.h"
#include "common/system/parse_number.h"

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

std::string content_of(const char* path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

// Packets that were dropped look like an authority that is silent.
std::optional<UsedUp> what_drops_packets() {
    const auto sockets = content_of("/proc/net/sockstat");
    if (is_nearly_all(sockets, "TCP", content_of("/proc/sys/net/ipv4/tcp_mem")))
        return UsedUp{"this node's memory for TCP is used up (tcp_mem)"};
    if (is_nearly_all(sockets, "UDP", content_of("/proc/sys/net/ipv4/udp_mem")))
        return UsedUp{"this node's memory for UDP is used up (udp_mem)"};
    const std::string folder = "/proc/sys/net/netfilter/nf_conntrack_";
    if (is_nearly_all(content_of((folder + "count").c_str()), "",
                      content_of((folder + "max").c_str())))
        return UsedUp{"this node's table of connections is full (nf_conntrack_max)"};
    return std::nullopt;
}

}  // namespace

bool is_nearly_all(std::string_view in_use, std::string_view protocol, std::string_view limits) {
    constexpr std::string_view memory = " mem ";
    if (!protocol.empty()) {
        const auto line = in_use.find(std::string(protocol) + ": ");
        if (line == in_use.npos || (line > 0 && in_use[line - 1] != '\n')) return false;
        in_use = in_use.substr(line, in_use.find('\n', line) - line);
        const auto value = in_use.find(memory);
        if (value == in_use.npos) return false;
        in_use.remove_prefix(value + memory.size());
    }
    while (limits.ends_with('\n')) limits.remove_suffix(1);
    limits.remove_prefix(limits.find_last_of("\t ") + 1);
    const auto number = [](std::string_view text) {
        return parse_number<std::uint64_t>(leading_digits(text)).value_or(0);
    };
    const auto most = number(limits);
    return most > 0 && number(in_use) >= most - most / 16;
}

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
            return UsedUp{
                errno_text(type == SOCK_DGRAM ? "this node has no local port left for a look-up"
                                              : "this node has no local port left for a "
                                                "connection",
                           errno),
                true};
    if (!has_descriptors() && is_of_this_node(errno))
        return UsedUp{errno_text("this node has no file left to open", errno)};
    if (const int error = thread_error(); is_of_this_node(error))
        return UsedUp{errno_text("this node has no thread left", error)};
    return what_drops_packets();
}

}  // namespace together
