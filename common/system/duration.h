// SPDX-License-Identifier: Apache-2.0
// Durations as people write and read them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/system/clock.h"

namespace together {

// "500ms", "30s", "5m", "24h", "7d": a whole number and a unit, at most ten years.
std::optional<Nanoseconds> parse_duration(std::string_view text);

// Exact where it can be written as above ("30s", "24h"), for configuration and limits.
std::string format_duration(Nanoseconds duration);

// Rounded to what a person needs of an age: "0.2s", "3.4s", "47s", "12m", "26h", "9d".
std::string format_age(Nanoseconds age);

// "2026-11-24T05:30:58Z" (RFC 3339, UTC), in nanoseconds since the epoch; years 1970 to 2261.
std::optional<std::int64_t> parse_utc(std::string_view text);
std::string format_utc(std::int64_t realtime);

}  // namespace together
