// SPDX-License-Identifier: Apache-2.0
#include "http_server/allowance.h"

#include <CppUTest/TestHarness.h>

using std::chrono::milliseconds;
using together::http::Allowance;

TEST_GROUP(AllowanceTest) {
    Allowance allowance;
    Allowance::Time now{std::chrono::hours(1)};

    // How many of so many are allowed.
    int allowed(int come, milliseconds each, milliseconds after_each) {
        int count = 0;
        for (int i = 0; i < come; ++i, now += after_each) {
            if (!allowance.is_left(now)) continue;
            allowance.use(now, each);
            ++count;
        }
        return count;
    }
};

TEST(AllowanceTest, lasts_for_the_few_however_long_they_go_on) {
    LONGS_EQUAL(1000, allowed(1000, milliseconds(1), milliseconds(6)));
}

TEST(AllowanceTest, is_used_up_by_a_crowd) {
    LONGS_EQUAL(20, allowed(1000, milliseconds(1), milliseconds(0)));
    LONGS_EQUAL(0, allowed(1, milliseconds(1), milliseconds(0)));
}

TEST(AllowanceTest, is_used_up_by_a_few_who_take_long) {
    LONGS_EQUAL(4, allowed(20, milliseconds(5), milliseconds(4)));
}

TEST(AllowanceTest, comes_anew_with_each_span) {
    allowed(1000, milliseconds(1), milliseconds(0));
    now += Allowance::span - milliseconds(1);
    CHECK_FALSE(allowance.is_left(now));
    now += milliseconds(1);
    CHECK_TRUE(allowance.is_left(now));
    LONGS_EQUAL(20, allowed(1000, milliseconds(1), milliseconds(0)));
}
