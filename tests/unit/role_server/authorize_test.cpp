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
    Actor person;
    Actor node;

    void setup() override {
        person.user_id = "user_1";
        node.kind = Actor::Kind::node;
        node.project_id = "proj_1";
    }
    static Target target(std::optional<Role> organization, std::optional<Role> project) {
        Target target{"org_1", "proj_1", {}};
        target.standing.organization_role = organization;
        target.standing.project_role = project;
        target.standing.in_some_project = project.has_value();
        return target;
    }
    static Actor key_with(const std::vector<std::string>& scopes) {
        Actor key;
        key.kind = Actor::Kind::project_key;
        key.project_id = "proj_1";
        key.scopes = *Scopes::named(scopes);
        return key;
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

TEST(AuthorizeTest, project_keys_may_what_their_scopes_say_in_their_project) {
    const auto key = key_with({"costs.read", "authorize"});
    auto elsewhere = target(Role::admin, Role::admin);
    elsewhere.project_id = "proj_2";
    for (const auto& row : permissions()) {
        const auto own = allowed(key, row.action, target(std::nullopt, std::nullopt)).verdict;
        CHECK(own == (row.action == Action::costs_read ? Verdict::allowed : Verdict::denied));
        CHECK(allowed(key, row.action, elsewhere).verdict == Verdict::hidden);
    }
}

TEST(AuthorizeTest, no_scope_logs_in_starts_a_job_or_changes_a_role) {
    const auto key =
        key_with({"project.read", "collaborators.read", "authorize", "costs.read", "inference.use",
                  "fine_tuning.use", "endpoints.use", "products.use"});
    for (const auto& row : permissions())
        if (!row.member || row.action == Action::ssh_login || row.action == Action::slurm_submit)
            CHECK(allowed(key, row.action, target(std::nullopt, std::nullopt)).verdict ==
                  Verdict::denied);
}

TEST(AuthorizeTest, who_is_suspended_may_nothing_and_is_told_why) {
    for (const auto& row : permissions()) {
        auto suspended = target(std::nullopt, std::nullopt);
        suspended.standing.suspended = true;
        const auto decision = allowed(person, row.action, suspended);
        CHECK(decision.verdict == Verdict::denied);
        STRCMP_CONTAINS("suspended", decision.reason.c_str());
    }
}

TEST(AuthorizeTest, a_denial_names_the_roles_that_may) {
    const auto decision =
        allowed(person, Action::clusters_scale, target(Role::member, Role::member));
    LONGS_EQUAL(1, decision.allowed_roles.size());
    CHECK(decision.allowed_roles.front() == Role::admin);
    LONGS_EQUAL(2, allowed(person, Action::ssh_login, target(Role::member, std::nullopt))
                       .allowed_roles.size());
}

TEST(AuthorizeTest, a_key_that_may_not_is_told_which_people_may) {
    const auto key = key_with({"costs.read"});
    const auto where = target(std::nullopt, std::nullopt);
    CHECK(allowed(key, Action::clusters_scale, where).allowed_roles == std::vector{Role::admin});
    LONGS_EQUAL(2, allowed(node, Action::project_read, where).allowed_roles.size());
    CHECK(allowed_to_report(key, where).allowed_roles.empty());
}

TEST(AuthorizeTest, admins_of_the_organization_join_projects_and_others_are_added) {
    CHECK(allowed_to_join(person, target(Role::admin, std::nullopt)).verdict == Verdict::allowed);
    CHECK(allowed_to_join(person, target(Role::member, std::nullopt)).verdict == Verdict::denied);
    CHECK(allowed_to_join(person, target(std::nullopt, std::nullopt)).verdict == Verdict::hidden);
    CHECK(allowed_to_join(node, target(Role::admin, std::nullopt)).verdict == Verdict::denied);
}

TEST(AuthorizeTest, who_sees_the_others_may_ask_about_them) {
    CHECK(may_ask_about_others(person, target(Role::member, Role::member)));
    CHECK_FALSE(may_ask_about_others(person, target(Role::member, std::nullopt)));
    CHECK_FALSE(may_ask_about_others(node, target(std::nullopt, std::nullopt)));
    CHECK(may_ask_about_others(key_with({"authorize"}), target(std::nullopt, std::nullopt)));
    CHECK_FALSE(may_ask_about_others(key_with({"project.read"}), target({}, {})));
}

TEST(AuthorizeTest, only_people_have_a_profile) {
    CHECK(allowed_own_profile(person).verdict == Verdict::allowed);
    CHECK(allowed_own_profile(node).verdict == Verdict::denied);
}
