// SPDX-License-Identifier: Apache-2.0
// The change as an operator reads it before it is made.
#include "togetherctl/editing/text_diff.h"

#include <CppUTest/TestHarness.h>

#include "tests/unit/support/texts.h"

using together::ctl::unified_diff;

TEST_GROUP(text_diff){};

TEST(text_diff, is_empty_where_nothing_changes) {
    TEXT_EQUAL("", unified_diff("f", "a\n", "a\n"));
    TEXT_EQUAL("", unified_diff("f", "", ""));
}

TEST(text_diff, has_three_lines_around) {
    TEXT_EQUAL("--- f\n+++ f\n@@ -2,6 +2,7 @@\n 2\n 3\n 4\n+x\n 5\n 6\n 7\n",
               unified_diff("f", "1\n2\n3\n4\n5\n6\n7\n8\n", "1\n2\n3\n4\nx\n5\n6\n7\n8\n"));
}

TEST(text_diff, shows_what_goes_and_what_comes) {
    TEXT_EQUAL("--- f\n+++ f\n@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n",
               unified_diff("f", "a\nb\nc\n", "a\nx\nc\n"));
    TEXT_EQUAL("--- f\n+++ f\n@@ -0,0 +1,1 @@\n+a\n", unified_diff("f", "", "a\n"));
    TEXT_EQUAL("--- f\n+++ f\n@@ -1,1 +0,0 @@\n-a\n", unified_diff("f", "a\n", ""));
}

TEST(text_diff, tells_of_a_missing_newline) {
    TEXT_EQUAL("--- f\n+++ f\n@@ -1,1 +1,2 @@\n-a\n\\ No newline at end of file\n+a\n+b\n",
               unified_diff("f", "a", "a\nb\n"));
}
