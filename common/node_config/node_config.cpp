// SPDX-License-Identifier: Apache-2.0
#include "common/node_config/node_config.h"

#include <optional>

#include "common/config/config_file.h"
#include "common/config/config_values.h"

namespace together {
namespace {

using Problem = std::optional<std::string>;

class AuthorizerSections : public FurtherSections {
  public:
    explicit AuthorizerSections(AuthorizerConfig& config) : config_(config) {}

    bool reads(std::string_view section) const override {
        return section == "kubernetes" || section == "http";
    }

    Problem begin(std::string_view) override { return std::nullopt; }

    Problem set(const IniEntry& entry) override {
        if (entry.section == "http") return set_key(http_keys(), config_.http, entry);
        return set_key(kubernetes_keys(), config_.kubernetes, entry);
    }

  private:
    AuthorizerConfig& config_;
};

class NodeSections : public AuthorizerSections {
  public:
    explicit NodeSections(NodeConfig& config) : AuthorizerSections(config), config_(config) {}

    bool reads(std::string_view) const override { return true; }

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
        if (entry.section == "metrics") return set_key(metrics_keys(), config_.metrics, entry);
        if (entry.section == "accounts") return set_key(accounts_keys(), config_.accounts, entry);
        return AuthorizerSections::set(entry);
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

class MetricsSection : public FurtherSections {
  public:
    explicit MetricsSection(MetricsConfig& metrics) : metrics_(metrics) {}

    bool reads(std::string_view section) const override { return section == "metrics"; }

    Problem begin(std::string_view) override { return std::nullopt; }

    Problem set(const IniEntry& entry) override { return set_key(metrics_keys(), metrics_, entry); }

  private:
    MetricsConfig& metrics_;
};

template <class Section>
void add(const std::string& prefix, std::span<const SectionKey<Section>> keys,
         const Section& section, std::vector<Setting>& settings) {
    for (const auto& key : keys)
        settings.push_back({prefix + std::string(key.name), key.show(section)});
}

}  // namespace

Result<NodeConfig> load_node_config(const std::string& path) {
    NodeConfig config;
    NodeSections sections(config);
    if (auto read = read_config(config, path, &sections); !read)
        return tl::make_unexpected(read.error());
    auto problem = what_is_wrong_with(config.kubernetes);
    if (!problem) problem = what_is_wrong_with_volumes(config.volumes);
    if (problem) return failure(path + ": " + *problem);
    return config;
}

Result<AuthorizerConfig> load_authorizer_config(const std::string& path) {
    AuthorizerConfig config;
    AuthorizerSections sections(config);
    if (auto read = read_config(config, path, &sections); !read)
        return tl::make_unexpected(read.error());
    if (auto problem = what_is_wrong_with(config.kubernetes))
        return failure(path + ": " + *problem);
    return config;
}

Result<NodeConfig> load_metrics_config(const std::string& path) {
    NodeConfig config;
    MetricsSection section(config.metrics);
    if (auto read = read_config(config, path, &section); !read)
        return tl::make_unexpected(read.error());
    return config;
}

std::vector<Setting> settings_in_force(const NodeConfig& config) {
    auto settings = gate_settings_in_force(config);
    add("accounts.", accounts_keys(), config.accounts, settings);
    add("metrics.", metrics_keys(), config.metrics, settings);
    add("kubernetes.", kubernetes_keys(), config.kubernetes, settings);
    add("http.", http_keys(), config.http, settings);
    for (const auto& volume : config.volumes) {
        const auto name = "volume." + volume.name + ".";
        settings.push_back({name + "path", volume.path});
        settings.push_back({name + "members", volume.for_admins ? "admins" : "members"});
        settings.push_back({name + "sticky", yes_or_no(volume.sticky)});
    }
    return settings;
}

}  // namespace together
