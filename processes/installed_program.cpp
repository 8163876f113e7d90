// SPDX-License-Identifier: Apache-2.0
#include "processes/installed_program.h"

#include <sys/stat.h>

#include <algorithm>

namespace together {
namespace {

bool is_roots_program(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == 0 &&
           (status.st_mode & (S_IWGRP | S_IWOTH)) == 0 && (status.st_mode & S_IXUSR) != 0;
}

}  // namespace

std::string first_program(const std::vector<std::string>& paths) {
    const auto found = std::find_if(paths.begin(), paths.end(), is_roots_program);
    return found == paths.end() ? "" : *found;
}

std::string slurm_program(const std::string& name) {
    return first_program({"/usr/bin/" + name, "/usr/local/bin/" + name, "/opt/slurm/bin/" + name,
                          "/usr/local/slurm/bin/" + name});
}

}  // namespace together
