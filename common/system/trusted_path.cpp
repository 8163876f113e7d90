// SPDX-License-Identifier: Apache-2.0
#include "common/system/trusted_path.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <list>

#include "common/system/errno_text.h"

namespace together {
namespace {

using Path = std::filesystem::path;

constexpr int max_links = 40;  // the kernel's

std::string why_unsafe(const std::string& at, const struct stat& status,
                       std::optional<uid_t> also) {
    if (status.st_uid != 0 && status.st_uid != ::geteuid() && status.st_uid != also)
        return at + " belongs neither to root nor to you";
    // In a sticky folder nobody moves what is not his.
    if (S_ISLNK(status.st_mode) || (S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX) != 0))
        return {};
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) == 0) return {};
    return at + " can be written by others than its owner";
}

// Anybody makes what is not there in a sticky folder, too.
std::string why_makeable_in(const Path& folder) {
    struct stat status {};
    if (::stat(folder.c_str(), &status) != 0)
        return errno_text("cannot look at " + folder.string(), errno);
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) == 0) return {};
    return folder.string() + " can be written by others than its owner";
}

std::string why_unsafe_way(const std::string& path, std::optional<uid_t> also,
                           bool may_be_missing) {
    std::error_code error;
    const auto whole = std::filesystem::absolute(path, error);
    if (error) return "cannot tell where " + path + " is";
    std::list<Path> left(whole.begin(), whole.end());
    Path at;
    for (int links = 0; !left.empty(); left.pop_front()) {
        const auto name = left.front();
        if (name == "..") at = at.parent_path();
        if (name.empty() || name == "." || name == "..") continue;
        const auto next = at / name;
        struct stat status {};
        if (::lstat(next.c_str(), &status) != 0)
            return may_be_missing && errno == ENOENT
                       ? why_makeable_in(at)
                       : errno_text("cannot look at " + next.string(), errno);
        if (auto why = why_unsafe(next.string(), status, also); !why.empty()) return why;
        if (!S_ISLNK(status.st_mode)) {
            at = next;
            continue;
        }
        const auto target = std::filesystem::read_symlink(next, error);
        if (error || ++links > max_links) return "cannot follow " + next.string();
        left.insert(std::next(left.begin()), target.begin(), target.end());
    }
    return {};
}

}  // namespace

std::string why_exchangeable(const std::string& path, std::optional<uid_t> also) {
    return why_unsafe_way(path, also, false);
}

std::string why_exchangeable_or_makeable(const std::string& path, std::optional<uid_t> also) {
    return why_unsafe_way(path, also, true);
}

}  // namespace together
