// SPDX-License-Identifier: Apache-2.0
// What the database says of projects that somebody waits for.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace together::roled {

// Nothing for a project that is gone.
using Revisions = std::map<std::string, std::optional<std::int64_t>>;

}  // namespace together::roled
