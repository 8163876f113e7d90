// SPDX-License-Identifier: Apache-2.0
#include "common/system/duration.h"

#include <time.h>

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

std::optional<std::int64_t> parse_utc(std::string_view text) {
    const std::string copy(text);
    tm fields{};
    const char* end = ::strptime(copy.c_str(), "%Y-%m-%dT%H:%M:%SZ", &fields);
    // Nanoseconds since the epoch end in the year 2262.
    if (end == nullptr || fields.tm_year < 70 || fields.tm_year > 361) return std::nullopt;
    const auto time = std::int64_t{::timegm(&fields)} * 1'000'000'000;
    // strptime takes blanks for digits, timegm turns 31 February into 3 March: a time is one that
    // is written as it was read.
    if (format_utc(time) != text) return std::nullopt;
    return time;
}

std::string format_utc(std::int64_t realtime) {
    const time_t seconds = static_cast<time_t>(realtime / 1'000'000'000);
    tm fields{};
    ::gmtime_r(&seconds, &fields);
    char text[32];
    return {text, ::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &fields)};
}

}  // namespace together
