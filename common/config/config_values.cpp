// SPDX-License-Identifier: Apache-2.0
#include "common/config/config_values.h"

#include "common/system/duration.h"

namespace together {

using Problem = std::optional<std::string>;

Problem set_path(std::string& path, std::string_view value) {
    if (!value.starts_with('/')) return "not an absolute path";
    path = value;
    return std::nullopt;
}

Problem set_duration(Nanoseconds& duration, std::string_view value, DurationBounds bounds) {
    const auto parsed = parse_duration(value);
    if (!parsed) return "not a duration such as 500ms, 30s, 5m, 24h or 7d";
    if (*parsed < bounds.least || *parsed > bounds.most)
        return "must be from " + format_duration(bounds.least) + " to " +
               format_duration(bounds.most);
    duration = *parsed;
    return std::nullopt;
}

Problem set_yes_or_no(bool& answer, std::string_view value) {
    if (value != "yes" && value != "no") return "must be yes or no";
    answer = value == "yes";
    return std::nullopt;
}

std::string yes_or_no(bool answer) {
    return answer ? "yes" : "no";
}

}  // namespace together
