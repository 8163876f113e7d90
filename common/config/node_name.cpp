// SPDX-License-Identifier: Apache-2.0
#include "common/config/node_name.h"

#include <unistd.h>

#include <array>

#include "common/roles/identifiers.h"

namespace together {

std::string node_name_of(const Config& config) {
    if (!config.node_name.empty()) return config.node_name;
    std::array<char, 254> name{};
    (void)::gethostname(name.data(), name.size() - 1);
    std::string text = name.data();
    for (auto& c : text)
        if (!is_node_name({&c, 1})) c = '-';
    return text.empty() ? "unnamed" : text;
}

}  // namespace together
