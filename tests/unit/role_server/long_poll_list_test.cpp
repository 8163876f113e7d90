// SPDX-License-Identifier: Apache-2.0
#include "role_server/http/long_poll_list.h"

#include <CppUTest/TestHarness.h>

#include <cstdint>

using namespace together::roled;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_GROUP(WaitListTest) {
    LongPollList::Time now{};
    LongPollList list{3};
    int woken = 0;

    std::optional<LongPollList::Ticket> wait(const char* project, std::int64_t revision,
                                             int for_seconds = 10) {
        return list.add({project, revision, seconds(for_seconds)}, now, [this] { ++woken; });
    }
    int tick(milliseconds step = milliseconds(200)) {
        woken = 0;
        now += step;
        for (const auto& wake : list.take_due(now)) wake();
        return woken;
    }
};

TEST(WaitListTest, nobody_is_woken_while_nothing_changes) {
    wait("a", 7);
    list.compare({{"a", 7}});
    LONGS_EQUAL(0, tick());
    CHECK_FALSE(list.empty());
}

TEST(WaitListTest, time_is_up) {
    wait("a", 7, 1);
    LONGS_EQUAL(0, tick(milliseconds(999)));
    LONGS_EQUAL(1, tick(milliseconds(1)));
    CHECK(list.empty());
}

TEST(WaitListTest, a_change_is_told_in_the_round_after_it_was_seen) {
    wait("a", 7);
    list.compare({{"a", 8}});
    LONGS_EQUAL(1, tick());
    LONGS_EQUAL(0, tick());
}

TEST(WaitListTest, a_change_wakes_those_of_its_project_only) {
    wait("a", 7);
    wait("b", 7);
    list.compare({{"a", 8}, {"b", 7}});
    LONGS_EQUAL(1, tick());
    CHECK(list.projects() == std::vector<std::string>{"b"});
}

TEST(WaitListTest, a_project_that_is_gone_is_a_change) {
    wait("a", 7);
    list.compare({{"a", std::nullopt}});
    LONGS_EQUAL(1, tick());
}

// The database was asked before these came: what it said does not concern them.
TEST(WaitListTest, who_came_since_the_question_is_not_woken) {
    wait("new", 1);
    wait("a", 9);
    list.compare({{"a", 8}});
    LONGS_EQUAL(0, tick());
}

TEST(WaitListTest, an_unanswered_question_wakes_nobody) {
    wait("a", 7);
    list.compare({});
    LONGS_EQUAL(0, tick());
}

TEST(WaitListTest, beyond_the_limit_nobody_is_held) {
    for (int i = 0; i < 3; ++i) CHECK(wait("a", 1).has_value());
    CHECK_FALSE(wait("a", 1).has_value());
}

TEST(WaitListTest, who_is_cancelled_is_not_woken_and_gives_the_place_free) {
    const auto first = wait("a", 1, 1);
    wait("a", 1, 1);
    wait("a", 1, 1);
    list.cancel(*first);
    CHECK(wait("a", 1, 1).has_value());
    LONGS_EQUAL(3, tick(seconds(1)));
}

TEST(WaitListTest, everybody_can_be_taken_at_once) {
    wait("a", 1);
    wait("b", 1);
    LONGS_EQUAL(2, static_cast<long>(list.take_all().size()));
    CHECK(list.empty());
}
