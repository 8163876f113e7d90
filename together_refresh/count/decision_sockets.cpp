// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/count/decision_sockets.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "common/decision/decision_report.h"
#include "common/system/errno_text.h"
#include "common/system/file_identity.h"

namespace together {
namespace {

// Of one sender before the others have their turn.
constexpr int max_at_once = 64;

Result<FileDescriptor> listen_at(const std::string& path, uid_t sender) {
    sockaddr_un address{};
    if (path.size() >= sizeof address.sun_path) return failure(path + " is too long for a socket");
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    FileDescriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket) return failure(errno_text("cannot make a socket", errno));
    if (::unlink(path.c_str()) != 0 && errno != ENOENT)
        return failure(errno_text("cannot remove " + path, errno));
    const mode_t before = ::umask(0177);
    const int bound =
        ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    ::umask(before);
    if (bound != 0) return failure(errno_text("cannot listen at " + path, errno));
    if (sender != ::geteuid() && ::lchown(path.c_str(), sender, static_cast<gid_t>(-1)) != 0)
        return failure(errno_text("cannot hand over " + path, errno));
    return socket;
}

}  // namespace

Result<void> DecisionSockets::keep(const std::vector<uid_t>& senders) {
    std::erase_if(sockets_, [&](const auto& one) {
        const auto path = decisions_socket(one.first, folder_);
        const bool wanted = std::find(senders.begin(), senders.end(), one.first) != senders.end();
        if (!wanted) ::unlink(path.c_str());
        // Whoever removed or replaced it: nothing arrives there any more.
        return !wanted || file_identity(path) != one.second.place;
    });
    Result<void> result;
    for (const auto sender : senders) {
        if (sockets_.contains(sender)) continue;
        const auto path = decisions_socket(sender, folder_);
        auto socket = listen_at(path, sender);
        if (socket)
            sockets_.emplace(sender, Socket{*std::move(socket), file_identity(path)});
        else
            result = tl::make_unexpected(socket.error());
    }
    return result;
}

void DecisionSockets::take(int milliseconds, const Take& take) {
    std::vector<pollfd> readable;
    for (const auto& [sender, socket] : sockets_)
        readable.push_back({socket.descriptor.get(), POLLIN, 0});
    if (::poll(readable.data(), readable.size(), milliseconds) <= 0) return;
    std::array<char, 8192> buffer;
    for (const auto& [sender, socket] : sockets_)
        for (int i = 0; i < max_at_once; ++i) {
            const auto got =
                ::recv(socket.descriptor.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
            if (got < 0) break;
            take(sender, {buffer.data(), static_cast<std::size_t>(got)});
        }
}

}  // namespace together
