// SPDX-License-Identifier: Apache-2.0
#include "common/system/folder_without_links.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "common/system/errno_text.h"

namespace together {

Result<FileDescriptor> open_folder_without_links(const std::string& path) {
    constexpr int flags = O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    FileDescriptor at(::open("/", flags | O_PATH));
    for (std::size_t begin = 1, end = 0; at && begin < path.size(); begin = end + 1) {
        end = std::min(path.find('/', begin), path.size());
        if (end == begin) continue;  // two slashes
        const auto name = path.substr(begin, end - begin);
        FileDescriptor next(
            ::openat(at.get(), name.c_str(), flags | (end == path.size() ? O_RDONLY : O_PATH)));
        struct stat status {};
        if (!next && errno == ENOTDIR &&
            ::fstatat(at.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISLNK(status.st_mode))
            return failure(path.substr(0, end) + " is a link; write the path that it leads to");
        if (!next) return failure(errno_text("cannot open " + path.substr(0, end), errno));
        at = std::move(next);
    }
    if (!at) return failure(errno_text("cannot open " + path, errno));
    return at;
}

}  // namespace together
