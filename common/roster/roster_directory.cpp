// SPDX-License-Identifier: Apache-2.0
#include "common/roster/roster_directory.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "common/system/errno_text.h"

namespace together {

Result<void> check_roster_directory(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0)
        return failure(errno_text("cannot look at " + path, errno));
    if (!S_ISDIR(status.st_mode)) return failure(path + " is not a folder");
    if (status.st_uid != 0 && status.st_uid != ::geteuid())
        return failure(path + " belongs neither to root nor to the user who refreshes");
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return failure(path + " can be written by others than its owner (chmod go-w)");
    return {};
}

}  // namespace together
