// SPDX-License-Identifier: Apache-2.0
#include "common/system/duration.h"

#include <array>
#include <cstdint>

#include "common/system/parse_number.h"

namespace together {
namespace {

using namespace std::chrono_literals;

struct Unit {
    std::string_view name;
    Nanoseconds length;
};
constexpr std::array units = {Unit{"d", 24h}, Unit{"h", 1h}, Unit{"m", 1min}, Unit{"s", 1s},
                              Unit{"ms", 1ms}};
constexpr Nanoseconds longest = 24h * 3650;

std::string with_unit(Nanoseconds duration, const Unit& unit) {
    return std::to_string(duration / unit.length).append(unit.name);
}

}  // namespace

std::optional<Nanoseconds> parse_duration(std::string_view text) {
    const auto digits = leading_digits(text);
    const auto number = parse_number<std::int64_t>(digits);
    text.remove_prefix(digits.size());
    for (const auto& unit : units)
        if (number && text == unit.name && *number <= longest / unit.length)
            return *number * unit.length;
    return std::nullopt;
}

std::string format_duration(Nanoseconds duration) {
    for (const auto& unit : units)
        if (duration >= unit.length && duration % unit.length == 0ns)
            // "24h" is said more often than "1d", "90s" than nothing shorter.
            if (unit.name != "d" || duration >= 48h) return with_unit(duration, unit);
    return with_unit(duration, units.back());
}

std::string format_age(Nanoseconds age) {
    if (age < 10s) {
        // Not printf: a calling program that called setlocale(3) would get "3,4s".
        const auto tenths = (age + 50ms) / 100ms;
        return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + "s";
    }
    if (age < 2min) return with_unit(age, units[3]);
    if (age < 2h) return with_unit(age, units[2]);
    if (age < 48h) return with_unit(age, units[1]);
    return with_unit(age, units[0]);
}

}  // namespace together
