// SPDX-License-Identifier: Apache-2.0
#include "common/node_config/volumes_config.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "common/config/config_values.h"
#include "common/roles/identifiers.h"

namespace together {
namespace {

using Problem = std::optional<std::string>;

constexpr std::string_view begin = "volume \"";
// libinih cuts a section's name at 49 bytes.
constexpr std::size_t max_name = 32;

// Who made them the project's would lock everybody out, or let everybody in.
bool is_the_systems(std::string_view path) {
    constexpr auto themselves = std::to_array<std::string_view>(
        {"/", "/home", "/media", "/mnt", "/opt", "/run", "/srv", "/tmp", "/var", "/var/cache",
         "/var/lib", "/var/log", "/var/spool", "/var/tmp"});
    constexpr auto with_all_below = std::to_array<std::string_view>(
        {"/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/proc", "/root",
         "/sbin", "/sys", "/usr", "/var/lib/together", "/var/cache/together"});
    const auto holds = [&](std::string_view folder) {
        return path.starts_with(folder) &&
               (path.size() == folder.size() || path[folder.size()] == '/');
    };
    return std::find(themselves.begin(), themselves.end(), path) != themselves.end() ||
           std::any_of(with_all_below.begin(), with_all_below.end(), holds);
}

Problem set_path(VolumeConfig& volume, std::string_view value) {
    if (!value.starts_with('/')) return "not an absolute path";
    if (!is_printable(value)) return "has control characters";
    if (std::filesystem::path(value).lexically_normal().string() != value ||
        (value.size() > 1 && value.ends_with('/')))
        return "must be without //, /./, /../ and a slash at its end";
    if (is_the_systems(value)) return "\"" + std::string(value) + "\" is the system's own folder";
    volume.path = value;
    return std::nullopt;
}

Problem set_members(VolumeConfig& volume, std::string_view value) {
    if (value != "members" && value != "admins") return "must be members or admins";
    volume.for_admins = value == "admins";
    return std::nullopt;
}

}  // namespace

Problem what_is_wrong_with_volume_name(std::string_view name) {
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-' || c == '.';
    };
    if (!name.empty() && name.size() <= max_name && std::all_of(name.begin(), name.end(), fits))
        return std::nullopt;
    return "the name of a volume has letters, digits, _, - and ., at most " +
           std::to_string(max_name);
}

Problem set_volume_key(VolumeConfig& volume, std::string_view key, std::string_view value) {
    Problem problem;
    if (key == "path")
        problem = set_path(volume, value);
    else if (key == "members")
        problem = set_members(volume, value);
    else if (key == "sticky")
        problem = set_yes_or_no(volume.sticky, value);
    else
        return "unknown key " + std::string(key) + " in [" + std::string(begin) + volume.name +
               "\"]";
    if (problem) return std::string(key) + ": " + *problem;
    return std::nullopt;
}

Problem what_is_wrong_with_volumes(const std::vector<VolumeConfig>& volumes) {
    for (const auto& volume : volumes) {
        const auto section = "[" + std::string(begin) + volume.name + "\"] path";
        if (volume.path.empty()) return section + " is missing";
        for (const auto& other : volumes)
            if (&other != &volume && other.path == volume.path)
                return section + " is that of \"" + other.name + "\", too";
    }
    return std::nullopt;
}

}  // namespace together
