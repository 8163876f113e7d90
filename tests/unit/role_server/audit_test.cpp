// SPDX-License-Identifier: Apache-2.0
#include "role_server/model/audit.h"

#include <CppUTest/TestHarness.h>

using namespace together::roled;

TEST_GROUP(OncePerPeriodTest) {
    OncePerPeriod once{std::chrono::seconds(60)};
};

TEST(OncePerPeriodTest, says_yes_once_a_period) {
    CHECK(once.admits("a", 100));
    CHECK_FALSE(once.admits("a", 159));
    CHECK(once.admits("a", 160));
    CHECK_FALSE(once.admits("a", 161));
}

TEST(OncePerPeriodTest, keys_are_apart) {
    CHECK(once.admits("a", 100));
    CHECK(once.admits("b", 100));
}

TEST(OncePerPeriodTest, it_does_not_grow_without_end) {
    for (int i = 0; i < 10'000; ++i) CHECK(once.admits(std::to_string(i), 100));
    CHECK(once.admits("another", 100));
    CHECK(once.admits("0", 100));
}
