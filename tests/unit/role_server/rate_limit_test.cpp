// SPDX-License-Identifier: Apache-2.0
#include "role_server/server/rate_limit.h"

#include <CppUTest/TestHarness.h>

using namespace together::roled;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_GROUP(RateLimitTest) {
    RateLimit limit{50};
    RateLimit::Time now{};

    int admitted(const char* key, int asked) {
        int count = 0;
        for (int i = 0; i < asked; ++i) count += limit.admits(key, now) ? 1 : 0;
        return count;
    }
};

TEST(RateLimitTest, two_seconds_worth_at_once_and_then_the_rate) {
    LONGS_EQUAL(100, admitted("key_a", 1000));
    now += seconds(1);
    LONGS_EQUAL(50, admitted("key_a", 1000));
    now += milliseconds(20);
    LONGS_EQUAL(1, admitted("key_a", 1000));
}

TEST(RateLimitTest, one_person_uses_up_nothing_of_another) {
    admitted("key_a", 1000);
    LONGS_EQUAL(100, admitted("key_b", 1000));
}

TEST(RateLimitTest, a_second_after_a_refusal_there_is_room) {
    admitted("key_a", 1000);
    CHECK_FALSE(limit.admits("key_a", now));
    now += seconds(1);
    CHECK_TRUE(limit.admits("key_a", now));
}

TEST(RateLimitTest, a_long_silence_saves_up_no_more) {
    admitted("key_a", 1000);
    now += seconds(3600);
    LONGS_EQUAL(100, admitted("key_a", 1000));
}

TEST(RateLimitTest, a_clock_that_steps_back_gives_and_takes_nothing) {
    admitted("key_a", 90);
    now -= milliseconds(1);
    LONGS_EQUAL(10, admitted("key_a", 1000));
}

TEST(RateLimitTest, what_was_more_than_one_is_charged_and_refused_until_it_is_paid) {
    CHECK_TRUE(limit.admits("key_a", now));
    limit.charge("key_a", 149, now);
    CHECK_FALSE(limit.admits("key_a", now));
    now += seconds(1);
    CHECK_FALSE(limit.admits("key_a", now));
    now += milliseconds(100);
    LONGS_EQUAL(5, admitted("key_a", 1000));
}

TEST(RateLimitTest, who_was_silent_is_forgotten_and_who_was_not_is_not) {
    for (int i = 0; i < 9999; ++i) (void)limit.admits("key_" + std::to_string(i), now);
    now += seconds(2);
    admitted("busy", 1000);
    (void)limit.admits("one more", now);
    LONGS_EQUAL(2, static_cast<long>(limit.remembered()));
    CHECK_FALSE(limit.admits("busy", now));
}

TEST(RateLimitTest,
     what_takes_long_counts_as_so_many_that_nobody_has_more_than_a_quarter_of_a_core) {
    CHECK(limit.worth(milliseconds(1)) < 1);
    DOUBLES_EQUAL(50, limit.worth(milliseconds(250)), 0.001);
}
