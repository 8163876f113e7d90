// SPDX-License-Identifier: Apache-2.0
#include "common/system/parse_number.h"

#include <CppUTest/TestHarness.h>

#include <cstdint>
#include <limits>

#include "common/system/uids.h"
#include "tests/unit/support/texts.h"

using namespace together;

TEST_GROUP(parse_number){};

TEST(parse_number, is_all_of_the_text) {
    LONGS_EQUAL(0, *parse_number<unsigned>("0"));
    LONGS_EQUAL(7, *parse_number<unsigned>("007"));
    LONGS_EQUAL(1234, *parse_number<std::int64_t>("1234"));
    for (const char* text :
         {"", " ", " 1", "1 ", "1\n", "+1", "1.0", "1e3", "0x10", "1,000", "a", "1a"}) {
        CHECK_FALSE_TEXT(parse_number<unsigned>(text).has_value(), text);
        CHECK_FALSE_TEXT(parse_number<std::int64_t>(text).has_value(), text);
    }
    CHECK_FALSE(parse_number<unsigned>(std::string_view("1\0", 2)).has_value());
}

TEST(parse_number, has_a_sign_where_the_type_has_one) {
    LONGS_EQUAL(-5, *parse_number<int>("-5"));
    for (const char* text : {"-5", "-0", "-"})
        CHECK_FALSE_TEXT(parse_number<unsigned>(text).has_value(), text);
    CHECK_FALSE(parse_number<int>("-").has_value());
    CHECK_FALSE(parse_number<int>("--5").has_value());
}

TEST(parse_number, has_to_fit) {
    CHECK_TRUE(parse_number<std::uint64_t>("18446744073709551615") ==
               std::numeric_limits<std::uint64_t>::max());
    CHECK_FALSE(parse_number<std::uint64_t>("18446744073709551616").has_value());
    CHECK_TRUE(parse_number<std::int64_t>("-9223372036854775808") ==
               std::numeric_limits<std::int64_t>::min());
    CHECK_FALSE(parse_number<std::int64_t>("9223372036854775808").has_value());
}

TEST(parse_number, of_another_base) {
    LONGS_EQUAL(0xf0, *parse_number<unsigned>("F0", 16));
    CHECK_FALSE(parse_number<unsigned>("0xf0", 16).has_value());
    CHECK_FALSE(parse_number<unsigned>("-f", 16).has_value());
}

TEST(parse_number, leading_digits_may_be_followed_by_anything) {
    TEXT_EQUAL("30", leading_digits("30s"));
    TEXT_EQUAL("12", leading_digits("12"));
    TEXT_EQUAL("", leading_digits("-12"));
    TEXT_EQUAL("", leading_digits(""));
}

TEST_GROUP(uids){};

TEST(uids, are_digits_and_not_minus_one) {
    LONGS_EQUAL(0, *parse_uid("0"));
    LONGS_EQUAL(4294967294U, *parse_uid("4294967294"));
    for (const char* text : {"", "-1", "+1", "4294967295", "4294967296", "1000 ", "0x10", "root"})
        CHECK_FALSE_TEXT(parse_uid(text).has_value(), text);
}
