// SPDX-License-Identifier: Apache-2.0
// Who had which role from when to when, whatever the clock did.
#include "role_server/model/access_history.h"

#include <CppUTest/TestHarness.h>

#include <memory>
#include <string>

#include "role_server/store/schema.h"
#include "tests/unit/support/texts.h"

using namespace together::roled;

namespace {

constexpr std::int64_t far_away = 9'000'000'000;

}  // namespace

// The database's rows are written by hand: what they mean for the history is asked here.
TEST_GROUP(AccessHistory) {
    std::unique_ptr<Store> store = Store::in_memory();

    void setup() override {
        CHECK_TRUE(migrate(*store).has_value());
        for (const std::string user : {"user_ann", "user_bob", "user_carol"})
            run("INSERT INTO users (id, email, email_key, login, created_at) VALUES ('" + user +
                "', '" + user + "', '" + user + "', '" + user.substr(5) + "', 1)");
        run("INSERT INTO organizations (id, name, owner_id, default_project_id,"
            " external_collaborators, allocate_uids, created_at)"
            " VALUES ('org_1', 'o', 'user_ann', 'proj_1', 1, 0, 1)");
        run("INSERT INTO projects (id, organization_id, name, revision, created_at)"
            " VALUES ('proj_1', 'org_1', 'p', 1, 1)");
    }
    void run(const std::string& text) {
        store->run(text);
    }

    // An empty role: none.
    void set_role(const std::string& user, const std::string& role, std::int64_t now) {
        run("DELETE FROM collaborators WHERE user_id = '" + user + "'");
        if (!role.empty())
            run("INSERT INTO collaborators (project_id, user_id, role, created_at)"
                " VALUES ('proj_1', '" +
                user + "', '" + role + "', 1)");
        note_access(*store, "proj_1", user, now, "user_ann");
    }
    std::string periods(std::int64_t since = 0) {
        std::string text;
        for_each_access_period(*store, "proj_1", since, far_away, [&](const AccessPeriod& one) {
            text += (text.empty() ? "" : ", ") + one.login.value_or("?") + " " +
                    std::string(together::name_of(one.role)) + " " + std::to_string(one.began_at) +
                    "-" + (one.ended_at ? std::to_string(*one.ended_at) : "");
        });
        return text;
    }
};

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
