// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/slurm/slurm_configuration.h"

#include <unistd.h>

#include <algorithm>
#include <array>

#include "common/system/folder_of.h"
#include "common/system/trusted_file.h"
#include "togetherctl/slurm/slurm_files.h"

namespace together::ctl {
namespace {

constexpr std::size_t largest = std::size_t{16} * 1024 * 1024;

std::string default_path() {
    constexpr std::array<const char*, 4> usual = {
        "/etc/slurm/slurm.conf", "/etc/slurm-llnl/slurm.conf", "/usr/local/etc/slurm.conf",
        "/opt/slurm/etc/slurm.conf"};
    for (const char* path : usual)
        if (::access(path, F_OK) == 0) return path;
    return usual.front();
}

// Relative names are beside the file in which they stand (seen with 22.05). Of a loop one round.
void append_with_includes(const std::string& file, std::string_view text,
                          SlurmConfiguration& slurm) {
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find('\n', at), text.size());
        const auto line = text.substr(at, end - at);
        const auto names = slurm_includes(line);
        if (names.empty()) slurm.text.append(line).append("\n");
        for (const auto& name : names) {
            const auto path = beside(file, name);
            if (std::any_of(slurm.included.begin(), slurm.included.end(),
                            [&](const auto& other) { return other.path == path; }))
                continue;
            const auto more = together::read_trusted(path, largest);
            if (!more) continue;
            slurm.included.push_back({path, *more});
            append_with_includes(path, *more, slurm);
        }
        at = end + 1;
    }
}

}  // namespace

std::string beside(const std::string& file, const std::string& name) {
    if (name.starts_with('/')) return name;
    return together::folder_of(file) + "/" + name;
}

std::optional<std::string> SlurmConfiguration::setting(std::string_view key) const {
    return slurm_setting(text, key);
}

SlurmConfiguration read_slurm_configuration(const std::optional<std::string>& path) {
    SlurmConfiguration slurm;
    slurm.path = path.value_or(default_path());
    if (const auto text = together::read_trusted(slurm.path, largest))
        append_with_includes(slurm.path, *text, slurm);
    slurm.plugstack =
        beside(slurm.path, slurm.setting("PlugStackConfig").value_or("plugstack.conf"));
    slurm.plugin_dir = slurm.setting("PluginDir").value_or("");
    return slurm;
}

}  // namespace together::ctl
