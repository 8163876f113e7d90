// SPDX-License-Identifier: Apache-2.0
#include "http_server/crowd.h"

#include <CppUTest/TestHarness.h>

using std::chrono::milliseconds;
using together::http::Crowd;

TEST_GROUP(CrowdTest) {
    Crowd crowd;
    Crowd::Time now{std::chrono::hours(1)};

    std::size_t of_a_crowd(std::size_t come, milliseconds after_each) {
        std::size_t taken_in = 0;
        for (std::size_t i = 0; i < come; ++i, now += after_each)
            taken_in += crowd.takes_in(now) ? 1 : 0;
        return taken_in;
    }
};

TEST(CrowdTest, the_few_are_none_however_long_they_go_on) {
    LONGS_EQUAL(0, of_a_crowd(Crowd::few, milliseconds(0)));
    now += Crowd::moment;
    LONGS_EQUAL(0, of_a_crowd(1000, milliseconds(4)));
}

TEST(CrowdTest, of_many_who_come_at_once_all_but_a_few_are_one) {
    LONGS_EQUAL(10'000 - Crowd::few, of_a_crowd(10'000, milliseconds(0)));
}

TEST(CrowdTest, it_is_over_a_moment_later) {
    of_a_crowd(10'000, milliseconds(0));
    now += Crowd::moment - milliseconds(1);
    CHECK_TRUE(crowd.takes_in(now));
    now += milliseconds(1);
    CHECK_FALSE(crowd.takes_in(now));
}
