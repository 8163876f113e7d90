// SPDX-License-Identifier: Apache-2.0
// Times as admissions, logs and status write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace together {

// "2026-11-24T05:30:58Z" (RFC 3339, UTC), in nanoseconds since the epoch; years 1970 to 2261.
std::optional<std::int64_t> parse_utc(std::string_view text);
std::string format_utc(std::int64_t realtime);

}  // namespace together
