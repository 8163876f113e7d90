// SPDX-License-Identifier: Apache-2.0
// Who has access to a project, for whoever has to look through it.
#include "role_server/model/reviewed_people.h"

#include <cstdint>
#include <string>
#include <vector>

#include "tests/unit/role_server/project_in_memory.h"
#include "tests/unit/support/texts.h"

using namespace together::roled;

struct ReviewedPeopleGroup : ProjectInMemory {
    static constexpr std::int64_t now = 1000;

    std::vector<ReviewedPerson> page(const std::string& after = {}, std::size_t limit = 1000) {
        std::vector<ReviewedPerson> found;
        for_each_reviewed(*store, project, now, after, limit,
                          [&](const ReviewedPerson& one) { found.push_back(one); });
        return found;
    }
    // Of bob, for `audience` (NULL: the API).
    void add_token(const std::string& id, const std::string& audience, const std::string& used,
                   const std::string& expires = "NULL", const std::string& revoked = "NULL") {
        execute(
            "INSERT INTO api_keys (id, kind, secret_hash, user_id, name, created_by, created_at,"
            " audience_id, last_used_at, expires_at, revoked_at) VALUES ('" +
            id + "', 'user', 'x', 'user_bob', 'n', 'user_bob', 1, " + audience + ", " + used +
            ", " + expires + ", " + revoked + ")");
    }
};

TEST_GROUP_BASE(ReviewedPeople, ReviewedPeopleGroup){};

TEST(ReviewedPeople, are_those_of_the_project_with_all_about_them) {
    put("user_bob", "member");
    put("user_carol", "admin");
    execute("UPDATE users SET name = 'Bob', email = 'bob@example.com' WHERE id = 'user_bob'");
    execute(
        "UPDATE collaborators SET until = 2000, granted_by = 'user_ann'"
        " WHERE user_id = 'user_bob'");
    execute(
        "INSERT INTO posix_ids (organization_id, number, kind, holder_id)"
        " VALUES ('org_1', 20001, 'user', 'user_bob'), ('org_1', 20002, 'user', 'user_ann')");
    execute(
        "INSERT INTO last_seen (project_id, user_id, door, node, seen_at)"
        " VALUES ('proj_1', 'user_bob', 'ssh', 'gpu1', 900), ('proj_2', 'user_carol', 'x', 'y', "
        "1)");
    const auto people = page();
    LONGS_EQUAL(2, people.size());
    const auto& bob = people[0];
    TEXT_EQUAL("user_bob", bob.collaborator.user_id);
    TEXT_EQUAL("bob", *bob.collaborator.login);
    LONGS_EQUAL(20001, *bob.collaborator.uid);
    CHECK_TRUE(bob.collaborator.role == together::Role::member && bob.collaborator.external());
    LONGS_EQUAL(1, bob.collaborator.since);
    LONGS_EQUAL(2000, *bob.collaborator.until);
    TEXT_EQUAL("user_ann", *bob.collaborator.granted_by);
    TEXT_EQUAL("bob@example.com", bob.email);
    TEXT_EQUAL("Bob", *bob.name);
    LONGS_EQUAL(900, bob.last_seen->seen_at);
    TEXT_EQUAL("ssh", bob.last_seen->door);
    TEXT_EQUAL("gpu1", *bob.last_seen->node);
    const auto& carol = people[1];
    CHECK_TRUE(carol.collaborator.role == together::Role::admin);
    CHECK_FALSE(carol.collaborator.uid || carol.name || carol.last_seen || carol.last_used_at);
    LONGS_EQUAL(0, carol.tokens);
}

TEST(ReviewedPeople, have_the_tokens_that_reach_the_project) {
    execute(
        "INSERT INTO projects (id, organization_id, name, revision, created_at)"
        " VALUES ('proj_2', 'org_1', 'q', 1, 1)");
    put("user_bob", "member");
    put("user_carol", "member");
    add_token("key_1", "NULL", "500");
    add_token("key_2", "'proj_1'", "700", "1001");
    add_token("key_3", "'proj_2'", "800");
    add_token("key_4", "NULL", "900", "1000");
    add_token("key_5", "NULL", "950", "NULL", "960");
    const auto people = page();
    LONGS_EQUAL(2, people[0].tokens);
    LONGS_EQUAL(700, *people[0].last_used_at);
    LONGS_EQUAL(0, people[1].tokens);
}

TEST(ReviewedPeople, whose_role_is_over_are_left_out) {
    put("user_bob", "member");
    execute("UPDATE collaborators SET until = 1000");
    CHECK_TRUE(page().empty());
}

TEST(ReviewedPeople, come_in_pages_that_are_one_question_each_which_an_index_answers) {
    for (const std::string user : {"user_ann", "user_bob", "user_carol"}) put(user, "member");
    std::vector<ReviewedPerson> first, second, none;
    const auto asked = statements_of([&] {
        first = page({}, 2);
        second = page("user_bob", 2);
        none = page("user_carol", 2);
    });
    LONGS_EQUAL(2, first.size());
    TEXT_EQUAL("user_carol", second.at(0).collaborator.user_id);
    LONGS_EQUAL(1, second.size());
    CHECK_TRUE(none.empty());
    LONGS_EQUAL(1, asked.size());
    TEXT_EQUAL("", whats_not_by_an_index(asked.front()));
}
