// SPDX-License-Identifier: Apache-2.0
#include "common/system/utc.h"

#include <time.h>

namespace together {

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
