// SPDX-License-Identifier: Apache-2.0
#include "common/config/config.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <memory>

#include "common/config/config_file.h"
#include "common/config/config_keys.h"
#include "common/system/directory.h"
#include "common/system/errno_text.h"
#include "common/system/folder_of.h"
#include "common/system/trusted_file.h"

namespace together {
namespace {

constexpr std::size_t max_file = std::size_t{64} * 1024;

// Of who is no gate.
constexpr auto further_sections =
    std::to_array<std::string_view>({"accounts", "metrics", "kubernetes", "http"});

std::string known_sections() {
    std::string text = "[api], [roster], [gate]";
    for (const auto section : further_sections) text.append(", [").append(section).append("]");
    return text + " and [volume \"NAME\"]";
}

class ConfigFiles {
  public:
    ConfigFiles(Config& config, FurtherSections* further) : config_(config), further_(further) {}

    Result<void> read(const std::string& path) {
        auto text = read_trusted(path, max_file);
        if (!text) return failure(text.error().message);
        return read_ini(
            *text, path, [&](const IniEntry& entry) { return apply(path, entry); },
            [&](std::string_view section) { return begin(section); });
    }

  private:
    // Of one that is not the gate's.
    bool is_passed_over(std::string_view section) const {
        return further_ == nullptr || !further_->reads(section);
    }

    std::optional<std::string> begin(std::string_view section) {
        if (is_config_section(section)) return std::nullopt;
        if (!is_further_section(section))
            return "unknown section [" + std::string(section) + "]; there are " + known_sections();
        return is_passed_over(section) ? std::nullopt : further_->begin(section);
    }

    std::optional<std::string> apply(const std::string& file, const IniEntry& entry) {
        const bool is_further = is_further_section(entry.section);
        if (is_further && is_passed_over(entry.section)) return std::nullopt;
        const auto [first, is_new] = places_.emplace(
            std::string(entry.section).append(1, '.').append(entry.key), Place{file, entry.line});
        if (!is_new)
            return std::string(entry.key) + " is set twice, first in " +
                   std::string(first->second.file) + ":" + std::to_string(first->second.line);
        return is_further ? further_->set(entry) : set(entry);
    }

    std::optional<std::string> set(const IniEntry& entry) {
        const auto* key = find_config_key(entry.section, entry.key);
        if (key == nullptr) {
            if (entry.section.empty())
                return std::string(entry.key) + " stands in no section; there are " +
                       known_sections();
            return what_is_unknown(entry);
        }
        if (auto problem = key->set(config_, entry.value))
            return std::string(entry.key) + ": " + *problem;
        return std::nullopt;
    }

    struct Place {
        std::string_view file;  // whoever reads the files keeps their names
        int line;
    };

    Config& config_;
    FurtherSections* further_;
    // Where each key was set, by "section.key", so that a second setting can name the first.
    std::map<std::string, Place> places_;
};

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
    return std::nullopt;
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

bool is_further_section(std::string_view section) {
    return std::find(further_sections.begin(), further_sections.end(), section) !=
               further_sections.end() ||
           volume_of_section(section);
}

std::optional<std::string_view> volume_of_section(std::string_view section) {
    constexpr std::string_view begin = "volume \"";
    if (!section.starts_with(begin) || section.size() == begin.size() || !section.ends_with('"'))
        return std::nullopt;
    section.remove_prefix(begin.size());
    section.remove_suffix(1);
    return section;
}

std::string what_is_unknown(const IniEntry& entry) {
    return "unknown key " + std::string(entry.key) + " in [" + std::string(entry.section) + "]";
}

Result<void> read_config(Config& config, const std::string& path, FurtherSections* further) {
    if (!path.starts_with('/'))
        return failure("the configuration's path " + path + " is not absolute");
    config.path = path;
    config.refresh_program = installed_refresh_program();
    ConfigFiles files(config, further);
    if (auto read = files.read(path); !read) return read;
    const auto more = drop_ins(path + ".d");
    if (!more) return tl::make_unexpected(more.error());
    for (const auto& file : *more)
        if (auto read = files.read(file); !read) return read;
    if (const auto problem = what_does_not_fit_together(config))
        return failure(path + ": " + *problem);
    return {};
}

Result<Config> load_config(const std::string& path) {
    Config config;
    if (auto read = read_config(config, path, nullptr); !read)
        return tl::make_unexpected(read.error());
    return config;
}

}  // namespace together
