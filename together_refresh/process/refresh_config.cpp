// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/process/refresh_config.h"

#include <utility>

namespace together {

Result<RefreshConfig> load_refresh_config(const std::string& path) {
    auto all = load_node_config(path);
    if (all) return RefreshConfig{*std::move(all), {}};
    auto gates = load_config(path);
    if (!gates) return tl::make_unexpected(gates.error());
    RefreshConfig config;
    static_cast<Config&>(config.node) = *std::move(gates);
    config.problem =
        all.error().message + "; the roster is refreshed, the accounts stay as they are";
    return config;
}

}  // namespace together
