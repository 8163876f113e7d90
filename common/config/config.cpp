// SPDX-License-Identifier: Apache-2.0
#include "common/config/config.h"

#include <algorithm>
#include <cerrno>
#include <map>
#include <memory>

#include "common/config/config_keys.h"
#include "common/config/ini_file.h"
#include "common/system/directory.h"
#include "common/system/errno_text.h"
#include "common/system/folder_of.h"
#include "common/system/trusted_file.h"

namespace together {
namespace {

constexpr std::size_t max_file = std::size_t{64} * 1024;

// Where each key was set, by "section.key", so that a second setting can name the first.
using Places = std::map<std::string, std::string>;

std::string known_sections() {
    return "[api], [roster], [gate], [accounts] and [volume \"NAME\"]";
}

VolumeConfig& volume_named(Config& config, std::string_view name) {
    for (auto& volume : config.volumes)
        if (volume.name == name) return volume;
    config.volumes.push_back({std::string(name), {}});
    return config.volumes.back();
}

std::optional<std::string> begin_section(Config& config, std::string_view section) {
    if (const auto volume = volume_of_section(section)) {
        if (auto problem = what_is_wrong_with_volume_name(*volume)) return problem;
        volume_named(config, *volume);  // one without keys lacks its path
        return std::nullopt;
    }
    if (is_config_section(section)) return std::nullopt;
    return "unknown section [" + std::string(section) + "]; there are " + known_sections();
}

std::optional<std::string> set(Config& config, const IniEntry& entry) {
    if (const auto volume = volume_of_section(entry.section))
        return set_volume_key(volume_named(config, *volume), entry.key, entry.value);
    const auto* key = find_config_key(entry.section, entry.key);
    if (key == nullptr) {
        if (entry.section.empty())
            return std::string(entry.key) + " stands in no section; there are " + known_sections();
        return "unknown key " + std::string(entry.key) + " in [" + std::string(entry.section) + "]";
    }
    if (auto problem = key->set(config, entry.value))
        return std::string(entry.key) + ": " + *problem;
    return std::nullopt;
}

std::optional<std::string> apply(Config& config, Places& places, const std::string& file,
                                 const IniEntry& entry) {
    const auto [first, is_new] =
        places.emplace(std::string(entry.section) + "." + std::string(entry.key),
                       file + ":" + std::to_string(entry.line));
    if (!is_new) return std::string(entry.key) + " is set twice, first in " + first->second;
    return set(config, entry);
}

Result<void> read_file(Config& config, Places& places, const std::string& path) {
    auto text = read_trusted(path, max_file);
    if (!text) return failure(text.error().message);
    return read_ini(
        *text, path, [&](const IniEntry& entry) { return apply(config, places, path, entry); },
        [&](std::string_view section) { return begin_section(config, section); });
}

// together.conf.d/*.conf, sorted by name. A folder that is not there has no files.
Result<std::vector<std::string>> drop_ins(const std::string& folder) {
    std::vector<std::string> paths;
    const Directory directory(::opendir(folder.c_str()));
    if (!directory) {
        if (errno == ENOENT) return paths;
        return failure(errno_text("cannot open " + folder, errno));
    }
    while (const dirent* entry = ::readdir(directory.get())) {
        const std::string_view name = entry->d_name;
        if (!name.starts_with('.') && name.ends_with(".conf"))
            paths.push_back(folder + "/" + std::string(name));
    }
    std::sort(paths.begin(), paths.end());
    return paths;
}

std::optional<std::string> what_does_not_fit_together(const Config& config) {
    if (config.base_url.empty()) return "[api] base_url is missing";
    if (config.project.empty()) return "[api] project is missing";
    if (config.base_url.starts_with("http://") && !config.proxy.empty())
        return "[api] proxy would read the token: that needs a base_url of https://";
    if (!config.within_stale_for(config.fresh_for))
        return "[roster] stale_for is shorter than fresh_for";
    // An absent name would be decided from a roster that is too old to decide, and without asking.
    if (!config.within_stale_for(config.recheck_after))
        return "[roster] stale_for is shorter than recheck_after";
    return what_is_wrong_with_volumes(config.volumes);
}

}  // namespace

std::string Config::folder() const {
    return folder_of(path);
}

bool Config::roster_is_a_file() const {
    return base_url.starts_with("file://");
}

std::string Config::roster_file() const {
    return base_url.substr(std::string("file://").size());
}

const char* installed_refresh_program() {
    return TOGETHER_REFRESH_PROGRAM;
}

Result<Config> load_config(const std::string& path) {
    if (!path.starts_with('/'))
        return failure("the configuration's path " + path + " is not absolute");
    Config config;
    config.path = path;
    config.refresh_program = installed_refresh_program();
    Places places;
    if (auto read = read_file(config, places, path); !read)
        return tl::make_unexpected(read.error());
    auto files = drop_ins(path + ".d");
    if (!files) return tl::make_unexpected(files.error());
    for (const auto& file : *files)
        if (auto read = read_file(config, places, file); !read)
            return tl::make_unexpected(read.error());
    if (const auto problem = what_does_not_fit_together(config))
        return failure(path + ": " + *problem);
    return config;
}

}  // namespace together
