// SPDX-License-Identifier: Apache-2.0
#include "role_server/store/connection_string.h"

#include <CppUTest/TestHarness.h>

using namespace together::roled;

TEST_GROUP(ConnectionStringTest){};

TEST(ConnectionStringTest, passwords_are_seen_wherever_libpq_takes_them_from) {
    for (const auto* db :
         {"postgresql://ann:pearl@host/roles", "postgres://ann:pearl@/roles",
          "postgresql://ann:@host/roles", "postgresql://ann:pe%40arl@host",
          "postgresql:///roles?password=pearl", "postgresql:///roles?user=ann&password=pearl",
          "postgresql:///roles?sslpassword=pearl", "postgresql://ann:pe@arl@host/roles",
          "postgresql://ann:pe/arl@host/roles"})
        CHECK_TRUE_TEXT(has_password(db), db);
}

TEST(ConnectionStringTest, what_has_none_is_taken) {
    for (const auto* db :
         {"roles.db", "/a:b@c/roles.db", "postgresql:///roles", "postgresql://ann@host/roles",
          "postgresql://host:5432/roles", "postgresql://ann@host:5432,other:5432/roles?user=ann",
          "postgresql://host/roles?user=ann@example", "postgresql://host/roles?passfile=/x"}) {
        CHECK_FALSE_TEXT(has_password(db), db);
        CHECK_TRUE_TEXT(check_connection_string(db).has_value(), db);
    }
}

TEST(ConnectionStringTest, a_message_keeps_no_password) {
    const std::string db = "postgresql://ann:pearl@host/roles?sslpassword=ruby&x=1";
    STRCMP_EQUAL("invalid: \"postgresql://…\", \"…\" and \"…\"",
                 without_password("invalid: \"" + db + "\", \"pearl\" and \"ruby\"", db).c_str());
}

TEST(ConnectionStringTest, a_message_about_a_file_is_left_as_it_is) {
    STRCMP_EQUAL("roles.db: full", without_password("roles.db: full", "roles.db").c_str());
    STRCMP_EQUAL("roles.db", shown("roles.db").c_str());
    STRCMP_EQUAL("PostgreSQL", shown("postgresql://ann:pearl@host/roles").c_str());
}
