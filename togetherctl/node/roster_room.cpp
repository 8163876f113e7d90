// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/node/roster_room.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cstdint>

#include "common/accounts/accounts_database.h"
#include "common/roster/roster_paths.h"

namespace together::ctl {
namespace {

using namespace together;

constexpr std::uint64_t few_inodes = 1000;
constexpr std::uint64_t few_bytes = std::uint64_t{4} * 1024 * 1024;

bool has_spare(const std::string& spare, off_t size) {
    struct stat status {};
    return ::lstat(spare.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
           status.st_size >= size;
}

// Its size; nothing where it is not there yet.
std::optional<off_t> look_for_spare(const std::string& what, const std::string& path,
                                    const std::string& spare, std::vector<std::string>& found) {
    struct stat file {};
    if (::stat(path.c_str(), &file) != 0) return std::nullopt;
    if (!has_spare(spare, file.st_size))
        found.push_back("no room is reserved for the next " + what + ": " + spare +
                        " is missing or too small");
    return file.st_size;
}

void look_at_disk(const std::string& folder, off_t snapshot, std::vector<std::string>& found) {
    struct statvfs disk {};
    if (::statvfs(folder.c_str(), &disk) != 0) return;
    const std::string where = "the file system of " + folder + " has only ";
    // No inodes at all: it makes them as it needs them (btrfs).
    if (disk.f_files > 0 && disk.f_ffree < few_inodes)
        found.push_back(where + std::to_string(disk.f_ffree) + " inodes left");
    // root's reserve counts: it is root who writes.
    const std::uint64_t bytes = std::uint64_t{disk.f_bfree} * disk.f_frsize;
    if (bytes < std::max(few_bytes, 4 * static_cast<std::uint64_t>(snapshot)))
        found.push_back(where + std::to_string(bytes / 1024) + " KiB left");
}

}  // namespace

std::vector<std::string> shortages(const NodeConfig& config) {
    std::vector<std::string> found;
    const RosterPaths paths(config);
    if (const auto size = look_for_spare("roster", paths.snapshot, paths.spare(), found))
        look_at_disk(paths.directory, *size, found);
    if (config.accounts.enabled)
        for (const auto& path : {AccountsPaths().accounts, AccountsPaths().keys})
            look_for_spare("accounts", path, spare_of(path), found);
    return found;
}

}  // namespace together::ctl
