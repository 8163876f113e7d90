// SPDX-License-Identifier: Apache-2.0
// Whose a uid of /etc/subuid is.
#include "together_refresh/removal/subordinate_uids.h"

#include <CppUTest/TestHarness.h>

#include <sstream>

using namespace together;

namespace {

std::vector<SubordinateUids> ranges(const std::string& text) {
    std::istringstream lines(text);
    return parse_subordinate_uids(lines);
}

bool is_bobs(uid_t uid, const std::string& text) {
    return is_subordinate_of(uid, "bob", 1002, ranges(text));
}

}  // namespace

TEST_GROUP(subordinate_uids){};

TEST(subordinate_uids, are_the_owners_by_login_or_uid) {
    for (const auto* text : {"bob:100000:65536\n", "alice:1:2\n1002:100000:65536"}) {
        CHECK_TRUE(is_bobs(100000, text));
        CHECK_TRUE(is_bobs(165535, text));
        CHECK_FALSE(is_bobs(99999, text));
        CHECK_FALSE(is_bobs(165536, text));
    }
    CHECK_FALSE(is_bobs(100000, "bobby:100000:65536\n"));
    CHECK_FALSE(is_bobs(100000, ""));
}

TEST(subordinate_uids, that_another_has_too_are_nobodys) {
    const auto* const text = "bob:100000:65536\nalice:165000:65536\nbob:120000:1\n";
    CHECK_TRUE(is_bobs(120000, text));
    CHECK_TRUE(is_bobs(164999, text));
    CHECK_FALSE(is_bobs(165000, text));
}

TEST(subordinate_uids, are_none_of_accounts_and_services) {
    CHECK_FALSE(is_bobs(0, "bob:0:4294967295\n"));
    CHECK_FALSE(is_bobs(65535, "bob:0:4294967295\n"));
    CHECK_TRUE(is_bobs(65536, "bob:0:4294967295\n"));
}

TEST(subordinate_uids, of_a_damaged_line_are_none) {
    for (const auto* text :
         {"bob", "bob:", "bob:100000", "bob:100000:", "bob:x:65536", ":100000:65536",
          "bob:100000:-1", "bob:100000:65536:", "bob:100000:65536 ", "\n"})
        CHECK_TRUE_TEXT(ranges(text).empty(), text);
}
