// SPDX-License-Identifier: Apache-2.0
#include "http_server/guard.h"

#include <CppUTest/TestHarness.h>

using together::http::is_host;

TEST_GROUP(GuardTest){};

TEST(GuardTest, a_host_is_a_name_or_an_address_with_or_without_a_port) {
    for (const char* host :
         {"x", "roles.example.com", "roles.example.com:8480", "127.0.0.1", "[::1]", "[::1]:443",
          "[::ffff:10.0.0.1]", "a_b", "xn--bcher-kva.example", "x:", "a%20b"})
        CHECK_TRUE_TEXT(is_host(host), host);
}

TEST(GuardTest, anything_else_is_none) {
    for (const char* host :
         {"", ":80", "a/b", "a b", "a@b", "a/b@c d", "x:80a", "x:-1", "x:123456", "::1", "[::1",
          "[]", "[x]", "[::1]x", "x#y", "x?y", "x\\y", "a,b<c>", "\"x\""})
        CHECK_FALSE_TEXT(is_host(host), host);
}
