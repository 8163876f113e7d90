// SPDX-License-Identifier: Apache-2.0
#include "role_server/api/preconditions.h"

#include <CppUTest/TestHarness.h>

using namespace together::roled;

struct PreconditionsGroup : Utest {
    static Request with(const char* name, std::string value) {
        Request request;
        request.headers = {{name, std::move(value)}};
        return request;
    }
    static bool names(const char* value) {
        return if_none_match_names(with("if-none-match", value), "\"a\"");
    }
    static long wait(const char* value) { return preferred_wait(with("prefer", value)).count(); }
};

TEST_GROUP_BASE(ConditionalTest, PreconditionsGroup){};

TEST(ConditionalTest, weak_and_strong_tags_match_alike) {
    CHECK(names("\"a\""));
    CHECK(names("W/\"a\""));
    CHECK(names("\"b\", \"a\""));
    CHECK(names("*"));
    CHECK_FALSE(names("a"));
    CHECK_FALSE(names("\"aa\""));
    CHECK_FALSE(names("w/\"a\""));
    CHECK_FALSE(names(""));
    CHECK_FALSE(if_none_match_names(Request(), "\"a\""));
}

TEST(ConditionalTest, several_headers_are_one_list) {
    Request request;
    request.headers = {{"if-none-match", "\"b\""}, {"if-none-match", "\"a\""}};
    CHECK(if_none_match_names(request, "\"a\""));
}

TEST(ConditionalTest, the_wait_is_at_most_a_minute) {
    LONGS_EQUAL(0, wait("wait=0"));
    LONGS_EQUAL(25, wait("wait=25"));
    LONGS_EQUAL(60, wait("wait=61"));
    LONGS_EQUAL(60, wait("wait=99999999999999999999999"));
    LONGS_EQUAL(0, preferred_wait(Request()).count());
}

TEST(ConditionalTest, what_is_no_wait_is_ignored) {
    for (const auto* value :
         {"wait", "wait=", "wait=x", "wait=1x", "wait=-1", "wait=1.5", "await=1", ";;,=", "=1"})
        LONGS_EQUAL(0, wait(value));
}

TEST(ConditionalTest, the_first_wait_counts) {
    LONGS_EQUAL(3, wait("a=b; wait=7x, wait = \"3\", wait=5"));
}
