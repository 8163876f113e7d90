// SPDX-License-Identifier: Apache-2.0
// Every action of the tables, for every kind of actor. The system tests check the routes; this
// checks that no action, also of those that no route has yet, is decided otherwise than the tables
// say.
#include "role_server/access/authorize.h"

#include <CppUTest/TestHarness.h>

using namespace together;
using namespace together::roled;
using Verdict = together::roled::Authorization::Verdict;

TEST_GROUP(AuthorizeTest) {
    Actor person{Actor::Kind::person, "key_1", "user_1", {}, {}};
    Actor node{Actor::Kind::node, "key_2", {}, "proj_1", {}};

    static Target target(std::optional<Role> organization, std::optional<Role> project) {
        return {"org_1", "proj_1", organization, project, project.has_value()};
    }
    static bool about_project(const Permission& row) {
        return row.level == Level::project;
    }
};

TEST(AuthorizeTest, admins_of_organization_and_project_may_all) {
    for (const auto& row : permissions())
        CHECK(allowed(person, row.action, target(Role::admin, Role::admin)).verdict ==
              Verdict::allowed);
}

TEST(AuthorizeTest, the_role_at_the_actions_own_level_decides) {
    for (const auto& row : permissions()) {
        const auto admin_above = allowed(person, row.action, target(Role::admin, Role::member));
        const auto admin_below = allowed(person, row.action, target(Role::member, Role::admin));
        CHECK((admin_above.verdict == Verdict::allowed) == (!about_project(row) || row.member));
        CHECK((admin_below.verdict == Verdict::allowed) == (about_project(row) || row.member));
    }
}

TEST(AuthorizeTest, members_may_what_the_tables_give_them) {
    for (const auto& row : permissions()) {
        const auto decision = allowed(person, row.action, target(Role::member, Role::member));
        CHECK(decision.verdict == (row.member ? Verdict::allowed : Verdict::denied));
        CHECK(decision.reason.empty() == row.member);
    }
}

TEST(AuthorizeTest, being_in_the_organization_is_not_being_in_the_project) {
    for (const auto& row : permissions())
        if (about_project(row))
            CHECK(allowed(person, row.action, target(Role::admin, std::nullopt)).verdict ==
                  Verdict::denied);
}

TEST(AuthorizeTest, external_collaborators_have_the_project_and_of_the_organization_its_name) {
    for (const auto& row : permissions()) {
        const auto verdict = allowed(person, row.action, target(std::nullopt, Role::admin)).verdict;
        if (about_project(row))
            CHECK(verdict == Verdict::allowed);
        else
            CHECK(verdict ==
                  (row.action == Action::organization_read ? Verdict::name_only : Verdict::denied));
    }
}

TEST(AuthorizeTest, to_strangers_all_is_hidden) {
    for (const auto& row : permissions())
        CHECK(allowed(person, row.action, target(std::nullopt, std::nullopt)).verdict ==
              Verdict::hidden);
}

TEST(AuthorizeTest, a_node_reads_its_roster_and_nothing_else) {
    auto other = target(std::nullopt, std::nullopt);
    other.project_id = "proj_2";
    for (const auto& row : permissions()) {
        const auto own = allowed(node, row.action, target(std::nullopt, std::nullopt)).verdict;
        CHECK(own ==
              (row.action == Action::collaborators_read ? Verdict::allowed : Verdict::denied));
        CHECK(allowed(node, row.action, other).verdict == Verdict::hidden);
    }
}

TEST(AuthorizeTest, project_keys_have_no_scopes_yet) {
    const Actor key{Actor::Kind::project_key, "key_3", {}, "proj_1", {}};
    for (const auto& row : permissions())
        CHECK(allowed(key, row.action, target(Role::admin, Role::admin)).verdict ==
              Verdict::denied);
}

TEST(AuthorizeTest, only_people_have_a_profile) {
    CHECK(allowed_own_profile(person).verdict == Verdict::allowed);
    CHECK(allowed_own_profile(node).verdict == Verdict::denied);
}
