// SPDX-License-Identifier: Apache-2.0
// What may be believed, for how long, and what is asked for again.
#include "common/resident/kept_answers.h"

#include <CppUTest/TestHarness.h>

#include <string>

using namespace together;
using namespace std::chrono_literals;

TEST_GROUP(kept_answers) {
    KeptAnswers<unsigned, std::string> answers{4, 3};
    std::chrono::steady_clock::time_point now{1h};

    // "?" where there is no answer, "-" for no account, "!" for a failure.
    std::string find(unsigned key) {
        const auto found = answers.find(key, now);
        if (!found) return "?";
        if (!*found) return "!";
        return **found ? ***found : "-";
    }
    void answer(unsigned key, const Result<std::optional<std::string>>& with) {
        find(key);
        CHECK_TRUE(answers.anything_to_ask());
        CHECK_EQUAL(key, answers.next());
        answers.keep(key, with, now);
    }
    void nothing_is_asked() const {
        CHECK_FALSE(answers.anything_to_ask());
    }
};

TEST(kept_answers, a_key_is_awaited_once_until_it_is_answered) {
    STRCMP_EQUAL("?", find(1).c_str());
    STRCMP_EQUAL("?", find(1).c_str());
    CHECK_EQUAL(1, answers.next());
    STRCMP_EQUAL("?", find(1).c_str());
    nothing_is_asked();
    CHECK_TRUE(answers.is_awaited(1));
    answers.keep(1, "alice", now);
    CHECK_FALSE(answers.is_awaited(1));
    STRCMP_EQUAL("alice", find(1).c_str());
}

TEST(kept_answers, positive_and_negative_ones_are_not_asked_for_again_for_a_minute) {
    answer(1, "alice");
    answer(2, std::nullopt);
    now += 59s;
    STRCMP_EQUAL("alice", find(1).c_str());
    STRCMP_EQUAL("-", find(2).c_str());
    nothing_is_asked();
}

TEST(kept_answers, an_account_is_known_while_it_is_asked_for_again) {
    answer(1, "alice");
    now += 60s;
    STRCMP_EQUAL("alice", find(1).c_str());
    CHECK_EQUAL(1, answers.next());
    now += 539s;
    STRCMP_EQUAL("alice", find(1).c_str());
    now += 1s;
    STRCMP_EQUAL("?", find(1).c_str());
}

TEST(kept_answers, a_stranger_is_not_one_for_ever) {
    answer(2, std::nullopt);
    now += 120s;
    STRCMP_EQUAL("?", find(2).c_str());
    CHECK_TRUE(answers.anything_to_ask());
}

TEST(kept_answers, a_failure_is_kept_for_seconds) {
    answer(1, failure("away"));
    now += 9s;
    STRCMP_EQUAL("!", find(1).c_str());
    nothing_is_asked();
    now += 11s;
    STRCMP_EQUAL("?", find(1).c_str());
    answer(1, "alice");
    STRCMP_EQUAL("alice", find(1).c_str());
}

TEST(kept_answers, a_failure_takes_nothing_away) {
    answer(1, "alice");
    now += 61s;
    answer(1, failure("away"));
    STRCMP_EQUAL("alice", find(1).c_str());
    nothing_is_asked();
    now += 10s;
    STRCMP_EQUAL("alice", find(1).c_str());
    CHECK_TRUE(answers.anything_to_ask());
}

TEST(kept_answers, an_account_that_is_gone_is_gone) {
    answer(1, "alice");
    now += 61s;
    answer(1, std::nullopt);
    STRCMP_EQUAL("-", find(1).c_str());
}

TEST(kept_answers, no_more_wait_than_may) {
    for (unsigned key = 1; key <= 100; ++key) STRCMP_EQUAL("?", find(key).c_str());
    for (unsigned key = 1; key <= 3; ++key) CHECK_EQUAL(key, answers.next());
    nothing_is_asked();
    CHECK_FALSE(answers.is_awaited(4));
}

TEST(kept_answers, no_more_are_kept_than_may_and_the_oldest_goes) {
    for (unsigned key = 1; key <= 100; ++key) {
        answer(key, "somebody");
        now += 1ms;
    }
    CHECK_EQUAL(4, answers.kept());
    STRCMP_EQUAL("somebody", find(97).c_str());
    STRCMP_EQUAL("?", find(96).c_str());
}

TEST(kept_answers, a_key_is_found_by_its_value_where_it_is_the_only_one) {
    answer(1, "alice");
    answer(2, std::nullopt);
    CHECK_EQUAL(1, *answers.only_key_of("alice", now));
    CHECK_FALSE(answers.only_key_of("bob", now).has_value());
    answer(3, "alice");
    CHECK_FALSE(answers.only_key_of("alice", now).has_value());
    now += 600s;
    CHECK_FALSE(answers.only_key_of("alice", now).has_value());
}
