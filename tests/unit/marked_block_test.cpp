// SPDX-License-Identifier: Apache-2.0
// Our lines in another's file: in, and out again byte for byte.
#include "togetherctl/editing/marked_block.h"

#include <CppUTest/TestHarness.h>

#include "tests/unit/support/texts.h"

using namespace together::ctl;

namespace {

const std::vector<std::string> lines = {"one", "two"};
const std::string block = std::string(block_begin) + "\none\ntwo\n" + std::string(block_end) + "\n";

}  // namespace

struct MarkedBlockGroup : Utest {
    static std::string out_again(const std::string& text) {
        const auto bare = without_block(text);
        CHECK_TRUE(bare.has_value());
        return *bare;
    }
    static std::string complaint(const std::string& text) {
        const auto bare = without_block(text);
        CHECK_FALSE(bare.has_value());
        return bare.error().message;
    }
};

TEST_GROUP_BASE(marked_block, MarkedBlockGroup){};

TEST(marked_block, stands_where_it_is_put) {
    TEXT_EQUAL("a\n" + block + "b\n", with_block("a\nb\n", 2, lines));
    TEXT_EQUAL(block + "a\n", with_block("a\n", 0, lines));
    TEXT_EQUAL("a\n" + block, with_block("a\n", 2, lines));
    TEXT_EQUAL(block, with_block("", 0, lines));
}

TEST(marked_block, comes_out_byte_for_byte) {
    for (const std::string text :
         {"", "\n", "a", "a\n", "a\n\n", "a\r\nb\r\n", "a\nb", "\n\na", "\xff\xfe\n"})
        for (std::size_t at = 0; at <= text.size(); ++at)
            if (at == 0 || at == text.size() || text[at - 1] == '\n')
                TEXT_EQUAL(text, out_again(with_block(text, at, lines)));
}

TEST(marked_block, comes_out_of_a_text_that_was_changed_around_it) {
    TEXT_EQUAL("a\nc\nb\nd\n", out_again("a\nc\n" + block + "b\nd\n"));
    TEXT_EQUAL("a\nb\n", out_again("a\n" + block + "b\n" + block));
}

TEST(marked_block, tells_its_lines) {
    const auto inside = lines_in_block("a\n" + block);
    CHECK_TRUE(inside == lines);
    CHECK_TRUE(lines_in_block("a\n")->empty());
    LONGS_EQUAL(2, offset_of_block("a\n" + block));
    LONGS_EQUAL(2, offset_of_block("a\n"));
}

TEST(marked_block, with_one_comment_missing_is_left_alone) {
    TEXT_EQUAL("line 2: \"# together-access: begin\" stands without its end; fix it by hand",
               complaint("a\n" + std::string(block_begin) + "\nb\n"));
    TEXT_EQUAL("line 1: \"# together-access: end\" stands without its beginning; fix it by hand",
               complaint(std::string(block_end) + "\n"));
    // Two beginnings: what lies between is not ours to judge.
    complaint(std::string(block_begin) + "\nadmin's\n" + block);
}

TEST(marked_block, of_other_comments_is_another) {
    const BlockComments other = {"# another: begin (anything)", "# another: end"};
    const auto both = with_block("a\n" + block, 0, {"three"}, other);
    TEXT_EQUAL("# another: begin (anything)\nthree\n# another: end\na\n" + block, both);
    CHECK_TRUE(lines_in_block(both) == lines);
    TEXT_EQUAL("a\n" + block, without_block(both, other).value());
    TEXT_EQUAL(with_block("a\n", 0, {"three"}, other), out_again(both));
}
