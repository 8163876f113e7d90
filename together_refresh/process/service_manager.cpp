// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/process/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "common/system/file_descriptor.h"

namespace together {

void tell_service_manager_ready() {
    // The manager's own variable, not a setting of ours; taken once, so that children do not have
    // it.
    const char* name = std::getenv("NOTIFY_SOCKET");
    if (name == nullptr) return;
    std::string path = name;
    ::unsetenv("NOTIFY_SOCKET");
    sockaddr_un address{};
    if (path.empty() || path.size() >= sizeof address.sun_path) return;
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    if (path.front() == '@') address.sun_path[0] = '\0';  // an abstract name
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    const FileDescriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    constexpr std::string_view ready = "READY=1";
    if (socket)
        ::sendto(socket.get(), ready.data(), ready.size(), MSG_NOSIGNAL,
                 reinterpret_cast<const sockaddr*>(&address), length);
}

}  // namespace together
