// SPDX-License-Identifier: Apache-2.0
// The keys of together.conf and their checks. Internal to config.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "common/config/config.h"
#include "common/system/text_in_place.h"

namespace together {

struct ConfigKey {
    TextInPlace<11> section;
    TextInPlace<17> name;
    // Checks and stores a value; returns what is wrong with it.
    std::optional<std::string> (*set)(Config&, std::string_view value);
};

std::span<const ConfigKey> config_keys();
const ConfigKey* find_config_key(std::string_view section, std::string_view name);
bool is_config_section(std::string_view section);

}  // namespace together
