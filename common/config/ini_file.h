// SPDX-License-Identifier: Apache-2.0
// INI files, read strictly. libinih splits a line at 200 bytes, joins indented lines and cuts at
// " ;": each would silently become another setting than the one written, so such lines are errors.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "common/system/result.h"

namespace together {

struct IniEntry {
    std::string_view section;
    std::string_view key;
    std::string_view value;
    int line;
};

// Called for each entry in order; returns what is wrong with
// it, or nothing. Reading stops at the first error, which is reported as "NAME:LINE: …".
using IniHandler = std::function<std::optional<std::string>(const IniEntry&)>;
// Called where a section begins, also one without entries.
using SectionHandler = std::function<std::optional<std::string>(std::string_view section)>;

Result<void> read_ini(const std::string& text, const std::string& name, const IniHandler& handler,
                      const SectionHandler& on_section = {});

}  // namespace together
