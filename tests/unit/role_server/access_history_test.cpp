// SPDX-License-Identifier: Apache-2.0
// Who had which role from when to when, whatever the clock did.
#include "role_server/model/access_history.h"

#include <CppUTest/TestHarness.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tests/unit/role_server/project_in_memory.h"
#include "tests/unit/support/texts.h"

using namespace together::roled;

namespace {

constexpr std::int64_t far_away = 9'000'000'000;

}  // namespace

struct AccessHistoryGroup : ProjectInMemory {
    // An empty role: none.
    void set_role(const std::string& user, const std::string& role, std::int64_t now) {
        put(user, role);
        note_access(*store, project, user, now, "user_ann");
    }
    std::vector<AccessPeriod> page(std::int64_t since, const AccessPlace& after,
                                   std::size_t limit) {
        std::vector<AccessPeriod> found;
        for_each_access_period(*store, project, since, far_away, after, limit,
                               [&](const AccessPeriod& one) { found.push_back(one); });
        return found;
    }
    std::string periods(std::int64_t since = 0) {
        std::string text;
        for (const auto& one : page(since, {}, 1000))
            text += (text.empty() ? "" : ", ") + one.login.value_or("?") + " " +
                    std::string(together::name_of(one.role)) + " " + std::to_string(one.began_at) +
                    "-" + (one.ended_at ? std::to_string(*one.ended_at) : "");
        return text;
    }
};

TEST_GROUP_BASE(AccessHistory, AccessHistoryGroup){};

TEST(AccessHistory, has_each_role_from_when_to_when) {
    set_role("user_bob", "member", 100);
    set_role("user_bob", "admin", 200);
    set_role("user_bob", "", 300);
    set_role("user_bob", "member", 400);
    TEXT_EQUAL("bob member 100-200, bob admin 200-300, bob member 400-", periods());
    TEXT_EQUAL("bob admin 200-300, bob member 400-", periods(200));
}

TEST(AccessHistory, has_nothing_of_what_lasted_no_second) {
    set_role("user_bob", "member", 100);
    set_role("user_bob", "admin", 100);
    TEXT_EQUAL("bob admin 100-", periods());
    set_role("user_bob", "", 100);
    TEXT_EQUAL("", periods());
}

TEST(AccessHistory, loses_no_role_where_the_clock_was_put_back_before_its_beginning) {
    set_role("user_bob", "member", 1000);
    set_role("user_bob", "admin", 500);
    TEXT_EQUAL("bob member 1000-1001, bob admin 1001-", periods());
    set_role("user_bob", "", 501);
    TEXT_EQUAL("bob member 1000-1001, bob admin 1001-1002", periods());
    set_role("user_bob", "member", 502);
    TEXT_EQUAL("bob member 1000-1001, bob admin 1001-1002, bob member 1002-", periods());
    set_role("user_bob", "", 2000);
    TEXT_EQUAL("bob member 1000-1001, bob admin 1001-1002, bob member 1002-2000", periods());
}

// The last of somebody's periods is what they have now: together review --diff goes by that.
TEST(AccessHistory, who_comes_back_after_the_clock_was_put_back_comes_last) {
    set_role("user_bob", "member", 900);
    set_role("user_bob", "", 1000);
    set_role("user_bob", "admin", 500);
    TEXT_EQUAL("bob member 900-1000, bob admin 1000-", periods());
}

TEST(AccessHistory, loses_nothing_that_began_in_the_very_second_of_a_clock_that_was_put_back) {
    set_role("user_bob", "member", 500);
    set_role("user_bob", "", 600);
    set_role("user_bob", "admin", 1000);
    set_role("user_bob", "", 1100);
    set_role("user_bob", "member", 500);
    TEXT_EQUAL("bob member 500-600, bob admin 1000-1100, bob member 1100-", periods());
}

TEST(AccessHistory, of_one_person_says_nothing_of_anothers_clock) {
    set_role("user_bob", "member", 1000);
    set_role("user_carol", "member", 500);
    TEXT_EQUAL("bob member 1000-, carol member 500-", periods());
}

TEST(AccessHistory, comes_in_pages_that_are_one_question_each_which_an_index_answers) {
    for (const std::string user : {"user_carol", "user_ann", "user_bob"}) {
        set_role(user, "member", 100);
        set_role(user, "admin", 200);
        set_role(user, "", 300);
        set_role(user, "member", 400);
    }
    std::vector<AccessPeriod> found;
    AccessPlace after;
    const auto asked = statements_of([&] {
        while (true) {
            const auto next = page(150, after, 2);
            if (next.empty()) break;
            found.insert(found.end(), next.begin(), next.end());
            after = {next.back().user_id, next.back().began_at};
        }
    });
    const auto whole = page(150, {}, 1000);
    LONGS_EQUAL(9, whole.size());
    LONGS_EQUAL(whole.size(), found.size());
    for (std::size_t i = 0; i < whole.size(); ++i) {
        TEXT_EQUAL(whole[i].user_id, found[i].user_id);
        LONGS_EQUAL(whole[i].began_at, found[i].began_at);
    }
    LONGS_EQUAL(1, asked.size());
    TEXT_EQUAL("", whats_not_by_an_index(asked.front()));
}
