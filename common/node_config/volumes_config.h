// SPDX-License-Identifier: Apache-2.0
// Sections [volume "NAME"]: folders that all collaborators of the project share, or its Admins.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace together {

struct VolumeConfig {
    std::string name;
    std::string path;
    bool for_admins = false;  // else for all collaborators
    bool sticky = false;      // nobody deletes another's files

    bool operator==(const VolumeConfig&) const = default;
};

// Each returns what is wrong, or nothing. Internal to config.
std::optional<std::string> what_is_wrong_with_volume_name(std::string_view name);
std::optional<std::string> set_volume_key(VolumeConfig& volume, std::string_view key,
                                          std::string_view value);
std::optional<std::string> what_is_wrong_with_volumes(const std::vector<VolumeConfig>& volumes);

}  // namespace together
