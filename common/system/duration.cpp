// SPDX-License-Identifier: Apache-2.0
#include "common/system/duration.h"

#include <array>
#include <charconv>
#include <cstdint>

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
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || number < 0 || text.front() == '-') return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    for (const auto& unit : units)
        if (text == unit.name && number <= longest / unit.length) return number * unit.length;
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
