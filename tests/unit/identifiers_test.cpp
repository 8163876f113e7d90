// SPDX-License-Identifier: Apache-2.0
// The forms of names that come from outside.
#include "common/roles/identifiers.h"

#include <CppUTest/TestHarness.h>

#include <string>

using namespace together;

TEST_GROUP(identifiers){};

TEST(identifiers, a_login_has_letters_digits_underscore_dot_and_dash) {
    for (const char* login : {"a", "alice", "Alice_B", "_apt", "a.b-c_9", "9lives", "a-", "a."})
        CHECK_TEXT(is_login(login), login);
}

TEST(identifiers, a_login_has_at_most_32_characters) {
    CHECK_TRUE(is_login(std::string(32, 'a')));
    CHECK_FALSE(is_login(std::string(33, 'a')));
    CHECK_FALSE(is_login(""));
}

TEST(identifiers, a_login_begins_with_no_dot_and_no_dash) {
    for (const char* login : {"-rf", ".ssh", ".", "..", "../etc/passwd", "a/b", "a b", "a\n", "a$",
                              "al\xc3\xad", "a@b", "a:b", "a\\b", "a=b"})
        CHECK_TEXT(!is_login(login), login);
    CHECK_FALSE(is_login(std::string_view("alice\0", 6)));
}

TEST(identifiers, a_login_has_more_than_digits) {
    for (const char* login : {"0", "10001", "007"}) CHECK_TEXT(!is_login(login), login);
    CHECK_TRUE(is_login("0x1"));
    CHECK_TRUE(is_login("1_"));
}

TEST(identifiers, a_project_is_proj_and_a_name) {
    for (const char* project : {"proj_1", "proj_a-B_9", "proj__", "proj_-"})
        CHECK_TEXT(is_project(project), project);
    for (const char* project : {"", "proj", "proj_", "project_1", "Proj_1", "proj-1", " proj_1",
                                "proj_1 ", "proj_a.b", "proj_../x", "proj_a/b", "proj_\xc3\xa9"})
        CHECK_TEXT(!is_project(project), project);
}

TEST(identifiers, a_projects_name_has_at_most_64_characters) {
    CHECK_TRUE(is_project("proj_" + std::string(64, 'x')));
    CHECK_FALSE(is_project("proj_" + std::string(65, 'x')));
}

TEST(identifiers, digits_are_ascii_digits_and_at_least_one) {
    CHECK_TRUE(is_digits("0"));
    CHECK_TRUE(is_digits("0123456789"));
    for (const char* text : {"", "-1", "+1", "1 ", "1a", "\xd9\xa1"})
        CHECK_TEXT(!is_digits(text), text);
}

TEST(identifiers, printable_text_has_no_control_characters) {
    CHECK_TRUE(is_printable(""));
    CHECK_TRUE(is_printable("Ask ops@example.com, or K\xc3\xa4the"));
    for (char c = 0; c < ' '; ++c) CHECK_FALSE(is_printable(std::string("a") + c + "b"));
    CHECK_FALSE(is_printable("a\x7f"));
    for (const char* steering :
         {"\xc2\x80", "\xc2\x9b", "\xd8\x9c", "\xe2\x80\x8b", "\xe2\x80\xae", "\xe2\x81\xa6",
          "\xef\xbb\xbf", "\xc2\xad", "\xe1\xa0\x8e", "\xef\xbf\xb9", "\xf3\xa0\x81\x81"})
        CHECK_FALSE(is_printable(std::string("admin") + steering));
    for (const char* letters : {"\xc2\xa0", "\xd8\x9d", "\xe2\x80\x90", "\xe2\x82\xac", "\xc2",
                                "\xf0\x9f\x98\x80", "\xef\xbf\xbd"})
        CHECK_TRUE(is_printable(std::string("admin") + letters));
}
