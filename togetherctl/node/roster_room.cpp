// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/node/roster_room.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cstdint>

namespace together::ctl {
namespace {

using together::RosterPaths;

constexpr std::uint64_t few_inodes = 1000;
constexpr std::uint64_t few_bytes = std::uint64_t{4} * 1024 * 1024;

bool has_spare(const RosterPaths& paths, off_t snapshot) {
    struct stat spare {};
    return ::lstat(paths.spare().c_str(), &spare) == 0 && S_ISREG(spare.st_mode) &&
           spare.st_size >= snapshot;
}

}  // namespace

std::vector<std::string> shortages(const RosterPaths& paths) {
    std::vector<std::string> found;
    struct stat snapshot {};
    if (::stat(paths.snapshot.c_str(), &snapshot) != 0) return found;
    if (!has_spare(paths, snapshot.st_size))
        found.push_back("no room is reserved for the next roster: " + paths.spare() +
                        " is missing or too small");
    struct statvfs disk {};
    if (::statvfs(paths.directory.c_str(), &disk) != 0) return found;
    const std::string where = "the file system of " + paths.directory + " has only ";
    // No inodes at all: it makes them as it needs them (btrfs).
    if (disk.f_files > 0 && disk.f_ffree < few_inodes)
        found.push_back(where + std::to_string(disk.f_ffree) + " inodes left");
    // root's reserve counts: it is root who writes.
    const std::uint64_t bytes = std::uint64_t{disk.f_bfree} * disk.f_frsize;
    if (bytes < std::max(few_bytes, 4 * static_cast<std::uint64_t>(snapshot.st_size)))
        found.push_back(where + std::to_string(bytes / 1024) + " KiB left");
    return found;
}

}  // namespace together::ctl
