// SPDX-License-Identifier: Apache-2.0
// How the files of a configuration are read, with or without the sections that no gate uses.
// Internal to what loads one.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/config/config.h"
#include "common/config/ini_file.h"

namespace together {

// Who reads the sections that are not the gate's. Each function returns what is wrong, or nothing.
class FurtherSections {
  public:
    virtual ~FurtherSections() = default;
    // One that it does not read is passed over.
    virtual bool reads(std::string_view section) const = 0;
    virtual std::optional<std::string> begin(std::string_view section) = 0;
    virtual std::optional<std::string> set(const IniEntry& entry) = 0;
};

// "accounts", "volume \"NAME\"".
bool is_further_section(std::string_view section);
// The NAME of such a section; nothing where it is another's.
std::optional<std::string_view> volume_of_section(std::string_view section);

// The sentence about a key that a section does not have.
std::string what_is_unknown(const IniEntry& entry);

// Reads all files and checks what was read of the gate's sections. Without `further` the others are
// passed over.
Result<void> read_config(Config& config, const std::string& path, FurtherSections* further);

}  // namespace together
