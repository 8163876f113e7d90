// SPDX-License-Identifier: Apache-2.0
// All of together.conf and together.conf.d/*.conf: the gate's sections and those of everything else
// on a node. For programs that are no part of a login.
#pragma once

#include <string>
#include <vector>

#include "common/config/config.h"
#include "common/node_config/accounts_config.h"
#include "common/node_config/metrics_config.h"
#include "common/node_config/services_config.h"
#include "common/node_config/volumes_config.h"

namespace together {

// Of a node's services, which together-authorizer answers for.
struct AuthorizerConfig : Config {
    KubernetesConfig kubernetes;
    HttpConfig http;

    bool operator==(const AuthorizerConfig&) const = default;
};

struct NodeConfig : AuthorizerConfig {
    AccountsConfig accounts;
    MetricsConfig metrics;
    std::vector<VolumeConfig> volumes;

    bool operator==(const NodeConfig&) const = default;
};

// Reads and checks everything. Thread-safe; opens the configuration's files and nothing else.
Result<NodeConfig> load_node_config(const std::string& path);
// Passes over the sections of others, by whose slips nobody is refused.
Result<AuthorizerConfig> load_authorizer_config(const std::string& path);
// The gate's sections and [metrics], of a node whose other ones may have slips.
Result<NodeConfig> load_metrics_config(const std::string& path);

std::vector<Setting> settings_in_force(const NodeConfig& config);

}  // namespace together
