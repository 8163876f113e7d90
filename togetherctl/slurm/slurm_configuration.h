// SPDX-License-Identifier: Apache-2.0
// slurm.conf as Slurm reads it, with the files that it includes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace together::ctl {

// What a slurmd fetched from slurmctld (configless); not for editing.
inline constexpr const char* fetched_slurm_conf = "/run/slurm/conf/slurm.conf";

struct SlurmConfiguration {
    struct Included {
        std::string path;
        std::string text;  // without what it includes itself
    };

    std::string path;                // of slurm.conf, whether it is there or not
    std::string text;                // each file in the place of the line that includes it
    std::vector<Included> included;  // each once, those that can be read
    std::string plugstack;
    std::string plugin_dir;  // empty where no line sets it

    // Of several lines the last.
    std::optional<std::string> setting(std::string_view key) const;
};

// `path`: another one than where Slurm's packages have it. Where it is away (login nodes,
// configless) or cannot be read, `text` is empty and plugstack.conf beside where it would be.
SlurmConfiguration read_slurm_configuration(const std::optional<std::string>& path);

// As Slurm does it: relative names are beside the file.
std::string beside(const std::string& file, const std::string& name);

}  // namespace together::ctl
