// SPDX-License-Identifier: Apache-2.0
// Values that keys of several sections have. Each set_…() checks and stores one; it returns what is
// wrong, or nothing. Internal to what loads a configuration.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/system/clock.h"

namespace together {

std::optional<std::string> set_path(std::string& path, std::string_view value);

struct DurationBounds {
    Nanoseconds least;
    Nanoseconds most;
};
std::optional<std::string> set_duration(Nanoseconds& duration, std::string_view value,
                                        DurationBounds bounds);

std::optional<std::string> set_yes_or_no(bool& answer, std::string_view value);
std::string yes_or_no(bool answer);

}  // namespace together
