// SPDX-License-Identifier: Apache-2.0
#include "common/node_config/node_config.h"

#include <optional>

#include "common/config/config_file.h"
#include "common/config/config_values.h"

namespace together {
namespace {

using Problem = std::optional<std::string>;

class NodeSections : public FurtherSections {
  public:
    explicit NodeSections(NodeConfig& config) : config_(config) {}

    Problem begin(std::string_view section) override {
        const auto volume = volume_of_section(section);
        if (!volume) return std::nullopt;
        if (auto problem = what_is_wrong_with_volume_name(*volume)) return problem;
        volume_named(*volume);  // one without keys lacks its path
        return std::nullopt;
    }

    Problem set(const IniEntry& entry) override {
        if (const auto volume = volume_of_section(entry.section))
            return set_volume_key(volume_named(*volume), entry.key, entry.value);
        const auto* key = find_accounts_key(entry.key);
        if (key == nullptr) return what_is_unknown(entry);
        if (auto problem = key->set(config_.accounts, entry.value))
            return std::string(entry.key) + ": " + *problem;
        return std::nullopt;
    }

  private:
    VolumeConfig& volume_named(std::string_view name) {
        for (auto& volume : config_.volumes)
            if (volume.name == name) return volume;
        config_.volumes.push_back({std::string(name), {}});
        return config_.volumes.back();
    }

    NodeConfig& config_;
};

}  // namespace

Result<NodeConfig> load_node_config(const std::string& path) {
    NodeConfig config;
    NodeSections sections(config);
    if (auto read = read_config(config, path, &sections); !read)
        return tl::make_unexpected(read.error());
    if (const auto problem = what_is_wrong_with_volumes(config.volumes))
        return failure(path + ": " + *problem);
    return config;
}

std::vector<Setting> settings_in_force(const NodeConfig& config) {
    auto settings = gate_settings_in_force(config);
    for (const auto& key : accounts_keys())
        settings.push_back({"accounts." + std::string(key.name), key.show(config.accounts)});
    for (const auto& volume : config.volumes) {
        const auto name = "volume." + volume.name + ".";
        settings.push_back({name + "path", volume.path});
        settings.push_back({name + "members", volume.for_admins ? "admins" : "members"});
        settings.push_back({name + "sticky", yes_or_no(volume.sticky)});
    }
    return settings;
}

}  // namespace together
