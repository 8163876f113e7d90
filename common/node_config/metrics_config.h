// SPDX-License-Identifier: Apache-2.0
// Section [metrics]: where together-refresh --watch tells what it counted, and whose decisions it
// takes besides root's.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "common/node_config/section_key.h"

namespace together {

struct MetricsConfig {
    std::string textfile;  // empty: none
    std::vector<std::string> senders{"slurm", "together-authorizer"};

    bool operator==(const MetricsConfig&) const = default;
};

std::span<const SectionKey<MetricsConfig>> metrics_keys();

}  // namespace together
