// SPDX-License-Identifier: Apache-2.0
#include "role_server/base/validation.h"

#include <CppUTest/TestHarness.h>

#include <cstdint>

#include "common/roles/identifiers.h"

using namespace together::roled;

TEST_GROUP(IdentityTest){};

TEST(IdentityTest, logins) {
    for (const auto* good : {"a", "_a", "0a", "a.b-c_d", "Alice", "12a"})
        CHECK(checked_login(good).has_value());
    for (const auto* bad : {"", "-a", ".a", "1", "123", "a b", "a/b", "a\n", "é"})
        STRCMP_EQUAL("invalid_login", checked_login(bad).error().code.c_str());
    for (const auto* taken : {"root", "ROOT", "Slurm", "systemd-resolve", "nobody"})
        STRCMP_EQUAL("reserved_login", checked_login(taken).error().code.c_str());
}

TEST(IdentityTest, addresses) {
    for (const auto* good : {"a@b", "ä@example.com", "a+b@c.d"})
        CHECK(checked_email(good).has_value());
    for (const auto* bad : {"", "a", "@b", "a@", "a@b@c", "a b@c", "a@b\n", "<a@b>", "\xff@b"})
        CHECK_FALSE(checked_email(bad).has_value());
    CHECK_FALSE(checked_email(std::string(254, 'a') + "@b").has_value());
}

TEST(IdentityTest, names) {
    CHECK(checked_name("Ä b", "name").has_value());
    for (const auto* bad : {"", " a", "a ", "a\tb", "a\x7f", "\xc3"})
        CHECK_FALSE(checked_name(bad, "name").has_value());
    CHECK_FALSE(checked_name(std::string(129, 'a'), "name").has_value());
    CHECK_FALSE(checked_name(std::string(1, '\0'), "name").has_value());
}

TEST(IdentityTest, utf8) {
    for (const auto* good :
         {"", "a", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf"})
        CHECK(together::is_utf8(good));
    for (const auto* bad :
         {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
          "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xc3", "\xe2\x82", "\xc3(", "\xe2(\xa1"})
        CHECK_FALSE(together::is_utf8(bad));
}
