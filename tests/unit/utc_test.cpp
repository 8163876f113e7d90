// SPDX-License-Identifier: Apache-2.0
// Times as people write and read them.
#include "common/system/utc.h"

#include <CppUTest/TestHarness.h>

#include <cstdint>

#include "tests/unit/support/texts.h"

using namespace together;

namespace {

constexpr std::int64_t second = 1'000'000'000;

}  // namespace

TEST_GROUP(utc){};

TEST(utc, is_read_as_rfc_3339) {
    CHECK_TRUE(parse_utc("1970-01-01T00:00:00Z") == 0);
    CHECK_TRUE(parse_utc("2026-11-24T05:30:58Z") == 1795498258 * second);
    CHECK_TRUE(parse_utc("2024-02-29T23:59:59Z") == 1709251199 * second);
}

TEST(utc, is_written_as_it_is_read) {
    TEXT_EQUAL("2026-11-24T05:30:58Z", format_utc(1795498258 * second));
    TEXT_EQUAL("1970-01-01T00:00:00Z", format_utc(0));
    TEXT_EQUAL("2026-11-24T05:30:58Z", format_utc(1795498258 * second + 999'999'999));
}

TEST(utc, has_no_other_form) {
    for (const char* text :
         {"", "2026-11-24", "2026-11-24T05:30:58", "2026-11-24T05:30:58+00:00",
          "2026-11-24 05:30:58Z", "2026-11-24t05:30:58z", "2026-11-24T05:30Z",
          "2026-11-24T05:30:58.5Z", "26-11-24T05:30:58Z", "2026-11-24T05:30:58Z ",
          " 2026-11-24T05:30:58Z", "2026-1-24T05:30:58Z", "tomorrow"})
        CHECK_TEXT(!parse_utc(text), text);
}

TEST(utc, has_digits_where_digits_belong) {
    for (const char* text : {"2026-11-24T05:30: 8Z", "2026- 1-24T05:30:58Z", " 026-11-24T05:30:58Z",
                             "2026-11-24T+5:30:58Z", "-026-11-24T05:30:58Z"})
        CHECK_TEXT(!parse_utc(text), text);
}

TEST(utc, is_a_date_that_exists) {
    for (const char* text :
         {"2026-02-29T00:00:00Z", "2026-02-31T00:00:00Z", "2026-04-31T00:00:00Z",
          "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z",
          "2026-01-32T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
          "2026-01-01T00:00:60Z", "2026-01-01T00:00:62Z", "2100-02-29T00:00:00Z"})
        CHECK_TEXT(!parse_utc(text), text);
}

// Nanoseconds in 64 bits end in April 2262; "until the year 9999" must not wrap around to a time
// long past, or to any other.
TEST(utc, refuses_years_that_64_bits_of_nanoseconds_cannot_hold) {
    CHECK_TRUE(parse_utc("2261-12-31T23:59:59Z").has_value());
    CHECK_FALSE(parse_utc("2263-01-01T00:00:00Z").has_value());
    CHECK_FALSE(parse_utc("9999-12-31T23:59:59Z").has_value());
    CHECK_FALSE(parse_utc("1600-01-01T00:00:00Z").has_value());
    CHECK_FALSE(parse_utc("0000-01-01T00:00:00Z").has_value());
}
