// SPDX-License-Identifier: Apache-2.0
// Durations as people write and read them.
#include "common/system/duration.h"

#include <CppUTest/TestHarness.h>
#include <locale.h>

#include "tests/unit/support/texts.h"

using namespace together;
using namespace std::chrono_literals;

TEST_GROUP(duration){};

TEST(duration, is_a_number_and_a_unit) {
    CHECK_TRUE(parse_duration("500ms") == 500ms);
    CHECK_TRUE(parse_duration("30s") == 30s);
    CHECK_TRUE(parse_duration("5m") == 5min);
    CHECK_TRUE(parse_duration("24h") == 24h);
    CHECK_TRUE(parse_duration("7d") == 168h);
    CHECK_TRUE(parse_duration("0s") == 0s);
    CHECK_TRUE(parse_duration("007s") == 7s);
}

TEST(duration, is_nothing_else) {
    for (const char* text :
         {"", "s", "30", "30 s", " 30s", "30s ", "30S", "+30s", "-30s", "-0s", "1.5s", "1h30m",
          "30sec", "30us", "1w", "0x10s", "1e3s", "forever", "99999999999999999999s"})
        CHECK_TEXT(!parse_duration(text), text);
    CHECK_FALSE(parse_duration(std::string_view("30s\0", 4)).has_value());
}

TEST(duration, is_at_most_ten_years) {
    CHECK_TRUE(parse_duration("3650d") == 24h * 3650);
    CHECK_FALSE(parse_duration("3651d").has_value());
    CHECK_TRUE(parse_duration("87600h").has_value());
    CHECK_FALSE(parse_duration("87601h").has_value());
    CHECK_TRUE(parse_duration("315360000s").has_value());
    CHECK_FALSE(parse_duration("315360001s").has_value());
    CHECK_FALSE(parse_duration("9223372036854775807d").has_value());
    CHECK_FALSE(parse_duration("9223372036854775807ms").has_value());
}

TEST(duration, is_written_as_it_can_be_read) {
    TEXT_EQUAL("500ms", format_duration(500ms));
    TEXT_EQUAL("30s", format_duration(30s));
    TEXT_EQUAL("90s", format_duration(90s));
    TEXT_EQUAL("5m", format_duration(5min));
    TEXT_EQUAL("24h", format_duration(24h));
    TEXT_EQUAL("47h", format_duration(47h));
    TEXT_EQUAL("2d", format_duration(48h));
    TEXT_EQUAL("7d", format_duration(168h));
    TEXT_EQUAL("49h", format_duration(49h));
    for (const auto duration : {Nanoseconds(1ms), Nanoseconds(1001ms), Nanoseconds(61s),
                                Nanoseconds(24h * 3650), Nanoseconds(0)})
        CHECK_TRUE(parse_duration(format_duration(duration)) == duration);
}

TEST(duration, as_an_age_is_rounded_to_what_a_person_needs) {
    TEXT_EQUAL("0.0s", format_age(0s));
    TEXT_EQUAL("0.2s", format_age(240ms));
    TEXT_EQUAL("3.4s", format_age(3400ms));
    TEXT_EQUAL("9.9s", format_age(9940ms));
    TEXT_EQUAL("10s", format_age(10s));
    TEXT_EQUAL("47s", format_age(47900ms));
    TEXT_EQUAL("119s", format_age(119s));
    TEXT_EQUAL("2m", format_age(120s));
    TEXT_EQUAL("12m", format_age(12min + 59s));
    TEXT_EQUAL("119m", format_age(119min));
    TEXT_EQUAL("2h", format_age(2h));
    TEXT_EQUAL("26h", format_age(26h));
    TEXT_EQUAL("47h", format_age(47h + 59min));
    TEXT_EQUAL("2d", format_age(48h));
    TEXT_EQUAL("9d", format_age(9 * 24h));
}

// sudo and other calling programs call setlocale(3): a comma in the log's ages would be another
// format. Shows only where a locale with a decimal comma is installed.
TEST(duration, as_an_age_does_not_depend_on_the_hosts_locale) {
    for (const char* name : {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "nl_NL.UTF-8"})
        if (::setlocale(LC_NUMERIC, name) != nullptr) break;
    const auto text = format_age(3400ms);
    ::setlocale(LC_NUMERIC, "C");
    TEXT_EQUAL("3.4s", text);
}
