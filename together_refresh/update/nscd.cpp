// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/update/nscd.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cstdint>
#include <cstring>
#include <string_view>

#include "common/system/file_descriptor.h"

namespace together {
namespace {

// nscd's protocol, glibc's nscd/nscd-client.h: stable since 2.2, as its client is in each program.
struct RequestHeader {
    std::int32_t version;
    std::int32_t type;
    std::int32_t key_length;
};
constexpr std::int32_t protocol_version = 2;
constexpr std::int32_t invalidate = 10;

void tell(const std::string& socket, std::string_view database) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (socket.size() >= sizeof address.sun_path) return;
    std::memcpy(address.sun_path, socket.data(), socket.size());
    const FileDescriptor nscd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!nscd ||
        ::connect(nscd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return;
    const RequestHeader head{protocol_version, invalidate,
                             static_cast<std::int32_t>(database.size() + 1)};
    std::string request(reinterpret_cast<const char*>(&head), sizeof head);
    request.append(database);
    request += '\0';
    // One that was just connected has room for it.
    static_cast<void>(::send(nscd.get(), request.data(), request.size(), MSG_NOSIGNAL));
}

}  // namespace

void tell_nscd(const std::string& socket) {
    tell(socket, "passwd");
    tell(socket, "group");
}

}  // namespace together
