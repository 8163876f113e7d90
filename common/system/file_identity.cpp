// SPDX-License-Identifier: Apache-2.0
#include "common/system/file_identity.h"

#include <sys/stat.h>

namespace together {
namespace {

std::string time_text(const timespec& time) {
    return std::to_string(time.tv_sec) + "." + std::to_string(time.tv_nsec);
}

}  // namespace

std::string file_identity(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return path + " missing";
    return path + " " + std::to_string(status.st_dev) + " " + std::to_string(status.st_ino) + " " +
           std::to_string(status.st_size) + " " + time_text(status.st_mtim) + " " +
           time_text(status.st_ctim);
}

}  // namespace together
