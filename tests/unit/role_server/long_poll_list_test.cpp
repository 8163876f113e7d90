// SPDX-License-Identifier: Apache-2.0
#include "role_server/server/long_poll_list.h"

#include <CppUTest/TestHarness.h>

#include <cstdint>

using namespace together::roled;
using std::chrono::milliseconds;
using std::chrono::seconds;
namespace http = together::http;

namespace {

struct FakeAsker : http::Asker {
    void on_answer(const std::shared_ptr<const http::Response>&) override {}
    void on_parked(http::Ticket, std::chrono::seconds, bool) override {}
};

}  // namespace

TEST_GROUP(LongPollListTest) {
    LongPollList::Time now{};
    LongPollList list{{6, 5, 2}};
    std::size_t answers = 0;  // made by the last tick()

    std::optional<LongPollList::Ticket> wait(const char* project, std::int64_t revision,
                                             int for_seconds = 10, const char* token = "node",
                                             bool is_a_persons = false) {
        Request request;
        request.headers = {{"authorization", token}, {"x-more", std::string(10'000, 'x')}};
        return list.add({project, revision, seconds(for_seconds)}, request, is_a_persons,
                        std::make_shared<FakeAsker>(), now);
    }
    long tick(milliseconds step = milliseconds(100)) {
        now += step;
        return woken(list.take_due(now));
    }
    long woken(const std::vector<LongPollList::Due>& due) {
        long count = 0;
        for (const auto& one : due) count += static_cast<long>(one.askers.size());
        answers = due.size();
        return count;
    }
};

TEST(LongPollListTest, nobody_is_woken_while_nothing_changes) {
    wait("a", 7);
    list.compare({{"a", 7}});
    LONGS_EQUAL(0, tick());
    CHECK_FALSE(list.empty());
}

TEST(LongPollListTest, of_a_request_only_that_is_kept_which_its_answer_depends_on) {
    CHECK_TRUE(wait("a", 7).has_value());
    const auto due = list.take_all();
    LONGS_EQUAL(1, due.front().request->headers.size());
    STRCMP_EQUAL("node", header(*due.front().request, "authorization")->c_str());
    CHECK_FALSE(wait("a", 7, 10, std::string(2'000, 'x').c_str()).has_value());
}

TEST(LongPollListTest, time_is_up) {
    wait("a", 7, 1);
    LONGS_EQUAL(0, tick(milliseconds(999)));
    LONGS_EQUAL(1, tick(milliseconds(1)));
    CHECK(list.empty());
}

TEST(LongPollListTest, a_change_is_told_once) {
    wait("a", 7);
    list.compare({{"a", 8}});
    LONGS_EQUAL(1, tick());
    LONGS_EQUAL(0, tick());
}

TEST(LongPollListTest, equal_requests_get_one_answer) {
    for (int i = 0; i < 3; ++i) wait("a", 7);
    wait("a", 7, 10, "another node's");
    list.compare({{"a", 8}});
    LONGS_EQUAL(4, tick());
    LONGS_EQUAL(2, answers);
}

TEST(LongPollListTest, a_change_wakes_those_of_its_project_only) {
    wait("a", 7);
    wait("b", 7);
    list.compare({{"a", 8}, {"b", 7}});
    LONGS_EQUAL(1, tick());
    CHECK(list.projects() == std::vector<std::string>{"b"});
}

TEST(LongPollListTest, a_project_that_is_gone_is_a_change) {
    wait("a", 7);
    list.compare({{"a", std::nullopt}});
    LONGS_EQUAL(1, tick());
}

// The database was asked before these came: what it said does not concern them.
TEST(LongPollListTest, who_came_since_the_question_is_not_woken) {
    wait("new", 1);
    wait("a", 9);
    list.compare({{"a", 8}});
    LONGS_EQUAL(0, tick());
}

// The roster was read, then changed, then compared, and only then the request came to the list.
TEST(LongPollListTest, who_comes_with_an_older_revision_is_woken_at_once) {
    wait("a", 8);
    list.compare({{"a", 8}});
    wait("a", 7);
    LONGS_EQUAL(1, tick());
}

TEST(LongPollListTest, what_nobody_watched_is_not_known) {
    const auto first = wait("a", 7);
    CHECK_TRUE(list.knows_too_little());
    list.compare({{"a", 7}});
    CHECK_FALSE(list.knows_too_little());
    list.cancel(*first);
    CHECK_FALSE(list.knows_too_little());
    wait("a", 7);
    CHECK_TRUE(list.knows_too_little());
}

TEST(LongPollListTest, an_unanswered_question_wakes_nobody) {
    wait("a", 7);
    list.compare({});
    LONGS_EQUAL(0, tick());
}

TEST(LongPollListTest, beyond_its_limit_a_project_has_no_place) {
    for (int i = 0; i < 5; ++i) CHECK(wait("a", 1).has_value());
    CHECK_FALSE(wait("a", 1).has_value());
    CHECK(wait("b", 1).has_value());
}

TEST(LongPollListTest, a_person_has_few_places) {
    for (int i = 0; i < 2; ++i) CHECK(wait("a", 1, 10, "mine", true).has_value());
    CHECK_FALSE(wait("b", 1, 10, "mine", true).has_value());
    CHECK(wait("a", 1, 10, "another's", true).has_value());
    list.take_all();
    CHECK(wait("a", 1, 10, "mine", true).has_value());
}

TEST(LongPollListTest, who_has_less_than_a_share_takes_the_place_of_who_waited_longest) {
    for (int i = 0; i < 5; ++i) wait("a", 1, 10, i == 0 ? "first" : "node");
    wait("b", 1);
    CHECK(wait("b", 1).has_value());
    CHECK(wait("b", 1).has_value());
    CHECK_FALSE(wait("b", 1).has_value());
    CHECK_FALSE(wait("a", 1).has_value());
    const auto due = list.take_due(now);
    LONGS_EQUAL(2, woken(due));
    LONGS_EQUAL(2, answers);
    CHECK(header(*due[0].request, "authorization") != header(*due[1].request, "authorization"));
}

TEST(LongPollListTest, who_is_cancelled_is_not_woken_and_gives_the_place_free) {
    const auto first = wait("a", 1, 1);
    for (int i = 0; i < 4; ++i) wait("a", 1, 1);
    list.cancel(*first);
    CHECK(wait("a", 1, 1).has_value());
    LONGS_EQUAL(5, tick(seconds(1)));
}

TEST(LongPollListTest, who_is_cancelled_after_the_change_is_not_woken) {
    const auto first = wait("a", 1);
    list.compare({{"a", 2}});
    list.cancel(*first);
    LONGS_EQUAL(0, tick());
}

TEST(LongPollListTest, everybody_can_be_taken_at_once) {
    wait("a", 1);
    wait("b", 1);
    LONGS_EQUAL(2, woken(list.take_all()));
    CHECK(list.empty());
}
