// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/volumes/volume_state.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <optional>

#include "common/system/errno_text.h"
#include "common/system/folder_without_links.h"
#include "togetherctl/volumes/default_acl.h"

namespace together::ctl {
namespace {

using namespace together;

constexpr const char* access_list = "system.posix_acl_access";
constexpr const char* default_list = "system.posix_acl_default";
// An access list of more entries than a mode has.
constexpr ssize_t size_of_a_mode = 28;

std::string octal(mode_t mode) {
    std::array<char, 8> text{};
    static_cast<void>(std::snprintf(text.data(), text.size(), "%04o", mode & 07777U));
    return text.data();
}

mode_t mode_for(const VolumeConfig& volume) {
    return volume.sticky ? 03770 : 02770;
}

bool has_no_lists(int error) {
    return error == EOPNOTSUPP || error == ENOSYS;
}

// On a kernel that does not say so (before 5.8): on another device than the folder above.
bool is_mount_point(int folder) {
    struct statx about {};
    if (::statx(folder, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &about) == 0 &&
        (about.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) != 0)
        return (about.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
    struct stat here {};
    struct stat above {};
    return ::fstat(folder, &here) == 0 && ::fstatat(folder, "..", &above, 0) == 0 &&
           here.st_dev != above.st_dev;
}

std::string owner_text(const struct stat& status) {
    return std::to_string(status.st_uid) + ":" + std::to_string(status.st_gid);
}

std::optional<VolumeFinding> look_at_mount(const std::string& path, int folder) {
    struct statvfs about {};
    if (!is_mount_point(folder))
        return VolumeFinding{VolumeFault::no_mount, "nothing is mounted there", "",
                             "mount it (/etc/fstab)"};
    if (::fstatvfs(folder, &about) != 0) return std::nullopt;
    std::string missing;
    if ((about.f_flag & ST_NOSUID) == 0) missing = "nosuid";
    if ((about.f_flag & ST_NODEV) == 0) missing += missing.empty() ? "nodev" : ",nodev";
    if (missing.empty()) return std::nullopt;
    return VolumeFinding{VolumeFault::mount_options, "mounted without " + missing, "",
                         "mount -o remount,nosuid,nodev " + path + ", and in /etc/fstab"};
}

std::optional<VolumeFinding> look_at_default_list(int folder) {
    std::string value(max_acl, '\0');
    const auto size = ::fgetxattr(folder, default_list, value.data(), value.size());
    if (size < 0 && has_no_lists(errno))
        return VolumeFinding{
            VolumeFault::no_lists, "the file system has no access lists (POSIX ACLs)", "",
            "there only files that are made with umask 007 or 002 are the group's to write"};
    value.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    if (value == default_acl_of_a_volume()) return std::nullopt;
    return VolumeFinding{VolumeFault::default_list,
                         value.empty() ? "new files get no default access list"
                                       : "the default access list is another",
                         "default access list u::rwx,g::rwx,o::---", ""};
}

tl::unexpected<Error> failed(const std::string& what, int error) {
    return failure(errno_text("cannot change " + what, error));
}

}  // namespace

Result<VolumeFolder> VolumeFolder::open(const std::string& path) {
    auto folder = open_folder_without_links(path);
    if (!folder) return tl::make_unexpected(folder.error());
    return VolumeFolder(path, *std::move(folder));
}

Result<std::vector<VolumeFinding>> VolumeFolder::look(const VolumeConfig& volume, gid_t group,
                                                      const std::string& group_name) const {
    std::vector<VolumeFinding> findings;
    struct stat status {};
    if (::fstat(folder_.get(), &status) != 0)
        return failure(errno_text("cannot look at " + path_, errno));
    const auto add = [&](std::optional<VolumeFinding> finding) {
        if (finding) findings.push_back(*std::move(finding));
    };
    add(look_at_mount(path_, folder_.get()));
    if (::fgetxattr(folder_.get(), access_list, nullptr, 0) > size_of_a_mode)
        add(VolumeFinding{VolumeFault::access_list, "an access list lets others in",
                          "no access list but the mode", ""});
    if (status.st_uid != 0 || status.st_gid != group)
        add(VolumeFinding{VolumeFault::owner, "belongs to " + owner_text(status),
                          "owner root:" + group_name, ""});
    const auto wanted = mode_for(volume);
    if ((status.st_mode & 07777U) != wanted)
        add(VolumeFinding{VolumeFault::mode, "mode " + octal(status.st_mode),
                          "mode " + octal(wanted), ""});
    add(look_at_default_list(folder_.get()));
    // Of a folder on which nothing is mounted, nothing is the volume's.
    if (!findings.empty() && findings.front().fault == VolumeFault::no_mount) findings.resize(1);
    return findings;
}

Result<void> VolumeFolder::change(const VolumeFinding& finding, const VolumeConfig& volume,
                                  gid_t group) const {
    const int folder = folder_.get();
    switch (finding.fault) {
        case VolumeFault::access_list:
            if (::fremovexattr(folder, access_list) != 0) return failed(path_, errno);
            // The group's bits were the list's mask.
            if (::fchmod(folder, mode_for(volume)) != 0) return failed(path_, errno);
            break;
        case VolumeFault::owner:
            if (::fchown(folder, 0, group) != 0) return failed(path_, errno);
            // Which takes setgid away.
            if (::fchmod(folder, mode_for(volume)) != 0) return failed(path_, errno);
            break;
        case VolumeFault::mode:
            if (::fchmod(folder, mode_for(volume)) != 0) return failed(path_, errno);
            break;
        case VolumeFault::default_list: {
            const auto list = default_acl_of_a_volume();
            if (::fsetxattr(folder, default_list, list.data(), list.size(), 0) != 0)
                return failed(path_, errno);
            break;
        }
        case VolumeFault::no_lists:
        case VolumeFault::no_mount:
        case VolumeFault::mount_options:
            break;
    }
    return {};
}

}  // namespace together::ctl
