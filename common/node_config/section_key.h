// SPDX-License-Identifier: Apache-2.0
// A key of a section, with its check. Internal to node_config.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "common/config/config_file.h"

namespace together {

template <class Section>
struct SectionKey {
    std::string_view name;
    // Checks and stores a value; returns what is wrong with it.
    std::optional<std::string> (*set)(Section&, std::string_view value);
    std::string (*show)(const Section&);
};

// Returns what is wrong with the entry, or nothing.
template <class Section>
std::optional<std::string> set_key(std::span<const SectionKey<Section>> keys, Section& section,
                                   const IniEntry& entry) {
    for (const auto& key : keys) {
        if (key.name != entry.key) continue;
        if (auto problem = key.set(section, entry.value))
            return std::string(entry.key) + ": " + *problem;
        return std::nullopt;
    }
    return what_is_unknown(entry);
}

}  // namespace together
