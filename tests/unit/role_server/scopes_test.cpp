// SPDX-License-Identifier: Apache-2.0
#include "role_server/access/scopes.h"

#include <CppUTest/TestHarness.h>

using namespace together;
using namespace together::roled;

TEST_GROUP(ScopesTest){};

TEST(ScopesTest, they_come_back_as_they_were_stored) {
    const auto scopes = Scopes::named({"authorize", "project.read"});
    CHECK(scopes.has_value());
    const auto again = Scopes::stored(scopes->to_store());
    CHECK(again.names() == std::vector<std::string>({"project.read", "authorize"}));
    CHECK(again.allows(Action::project_read));
    CHECK(again.allows_authorize());
    CHECK_FALSE(again.allows(Action::costs_read));
}

TEST(ScopesTest, what_is_no_scope_is_refused) {
    for (const auto* name : {"", "ssh.login", "project.write", "Project.read", "project.read "})
        CHECK_FALSE(Scopes::named({name}).has_value());
}

TEST(ScopesTest, stored_ones_of_a_newer_program_allow_nothing) {
    CHECK(Scopes::stored("volumes.use kubernetes.run").empty());
    CHECK(Scopes::stored("").empty());
}
