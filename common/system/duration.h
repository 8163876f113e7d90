// SPDX-License-Identifier: Apache-2.0
// Durations as people write and read them.
#pragma once

#include <chrono>
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

}  // namespace together
