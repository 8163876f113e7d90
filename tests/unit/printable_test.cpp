// SPDX-License-Identifier: Apache-2.0
// Text from elsewhere on a terminal.
#include "cli/printable.h"

#include <CppUTest/TestHarness.h>

#include "tests/unit/support/texts.h"

using together::printable;

TEST_GROUP(printable){};

TEST(printable, letters_stay) {
    TEXT_EQUAL("K\xc3\xa4the \xe2\x82\xac \xf0\x9f\x98\x80",
               printable("K\xc3\xa4the \xe2\x82\xac \xf0\x9f\x98\x80"));
}

TEST(printable, controls_and_what_is_no_text_do_not) {
    TEXT_EQUAL("\\x1b[2J\\x9b\\x0a", printable("\x1b[2J\x9b\n"));
    TEXT_EQUAL("\\xc2\\x9b", printable("\xc2\x9b"));
}

TEST(printable, nor_do_marks_that_reorder_or_hide_text) {
    TEXT_EQUAL("a\\xe2\\x80\\xaeb", printable("a\xe2\x80\xae"
                                              "b"));  // right-to-left override
    TEXT_EQUAL("a\\xe2\\x80\\x8bb", printable("a\xe2\x80\x8b"
                                              "b"));  // zero width
    TEXT_EQUAL("\\xef\\xbb\\xbf", printable("\xef\xbb\xbf"));
    TEXT_EQUAL("\\xd8\\x9c", printable("\xd8\x9c"));
}
