// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/node/log_place.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "common/system/file_descriptor.h"
#include "common/system/folder_of.h"
#include "common/system/log_sink.h"

namespace together::ctl {

bool somebody_reads(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), std::min(path.size(), sizeof address.sun_path - 1));
    const together::FileDescriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    return socket && ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address),
                               sizeof address) == 0;
}

std::string no_place_for_log_lines() {
    const together::LogPaths paths;
    const auto folder = together::folder_of(paths.fallback);
    struct stat status {};
    if ((::stat(folder.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) ||
        somebody_reads(paths.socket))
        return {};
    if (::access(paths.socket.c_str(), F_OK) == 0)
        return "nobody reads " + paths.socket + ", and there is no " + folder;
    return "there is neither " + paths.socket + " nor " + folder;
}

}  // namespace together::ctl
