// SPDX-License-Identifier: Apache-2.0
// Where the gate's lines go in a service file, byte for byte.
#include "togetherctl/pam/pam_stack.h"

#include <CppUTest/TestHarness.h>

#include "tests/unit/support/texts.h"
#include "togetherctl/editing/marked_block.h"

using namespace together::ctl;

namespace {

const std::string head = std::string(block_begin) +
                         "\naccount [success=1 default=ignore] pam_succeed_if.so quiet uid = 0\n";
const std::string tail = "\n" + std::string(block_end) + "\n";

std::string block(const std::string& call = "pam_together.so") {
    return head + "account [success=ok ignore=ignore default=die] " + call + tail;
}

bool common_account_holds_some(const std::string& name) {
    return name == "common-account";
}

}  // namespace

struct PamStackGroup : Utest {
    // The gate's block is in `before` + `after` between the two, and comes out again.
    static void stands_between(const std::string& before, const std::string& after) {
        const auto edited = with_gate(before + after, {}, common_account_holds_some);
        CHECK_TRUE(edited.has_value());
        TEXT_EQUAL(before + block() + after, *edited);
        TEXT_EQUAL(*edited, *with_gate(*edited, {}, common_account_holds_some));
        TEXT_EQUAL(before + after, *without_gate(*edited));
    }
    static std::string complaint(const std::string& text) {
        const auto edited = with_gate(text, {}, common_account_holds_some);
        CHECK_FALSE(edited.has_value());
        return edited.error().message;
    }
};

TEST_GROUP_BASE(pam_stack, PamStackGroup){};

TEST(pam_stack, the_gate_is_the_first_account_line) {
    stands_between("#%PAM-1.0\nauth required pam_unix.so\n", "account required pam_unix.so\n");
    stands_between("auth required pam_unix.so\n", "-account required pam_ldap.so\n");
    stands_between("auth required pam_unix.so\n", "\tACCOUNT required pam_unix.so\nx\n");
    stands_between("", "account include password-auth\n");
    stands_between("", "account substack password-auth\n");
}

TEST(pam_stack, it_stands_before_a_file_that_holds_account_lines) {
    stands_between("@include common-auth\n\n", "@include common-account\naccount required a.so\n");
    stands_between("", "  @INCLUDE  common-account # all\n");
    // Linux-PAM 1.5 takes the sign of a module that may be missing in front of this, too.
    stands_between("", "-@include common-account\naccount required a.so\n");
}

TEST(pam_stack, it_stands_before_pam_slurm_adopt) {
    stands_between("@include common-auth\n",
                   "account required pam_slurm_adopt.so\n@include common-account\n");
}

TEST(pam_stack, the_comment_above_a_line_stays_with_it) {
    stands_between("@include common-auth\n\n", "# One\n# Two\naccount required pam_nologin.so\n");
    stands_between("auth required a.so # x\n", "# One\naccount required pam_nologin.so\n");
    // But the head of the file stays its head.
    stands_between("#%PAM-1.0\n# Head\n", "account required pam_nologin.so\n");
}

TEST(pam_stack, without_account_lines_libpam_takes_others) {
    for (const char* text :
         {"auth required pam_unix.so\n", "", "# account required a.so\n#@include common-account\n"})
        TEXT_CONTAINS("it has no account lines: libpam takes those of /etc/pam.d/other",
                      complaint(text));
}

TEST(pam_stack, a_last_line_without_a_newline_comes_back_without_one) {
    stands_between("auth required pam_unix.so\n", "account required pam_unix.so");
}

TEST(pam_stack, a_jump_before_the_block_is_found) {
    const auto none = [](const std::string&) { return false; };
    const std::string gate = block() + "account required pam_unix.so\n";
    const auto line_of_jump = [&](const std::string& before) {
        return jump_before_gate(before + gate, none).value_or(0);
    };
    LONGS_EQUAL(2, line_of_jump("#\naccount [success=2 default=ignore] a.so\n"));
    LONGS_EQUAL(1, line_of_jump("ACCOUNT [default=ignore  success= 1] a.so\n"));
    LONGS_EQUAL(0, line_of_jump("auth [success=2 default=ignore] a.so\n"));
    LONGS_EQUAL(0, line_of_jump("account [success=ok default=bad] a.so nr=2\n"));
    LONGS_EQUAL(0, line_of_jump("@include common-auth\n"));
    // Behind it, or where there is no block, it is the file's own.
    const std::string jump = "account [success=2 default=ignore] a.so\n";
    CHECK_FALSE(jump_before_gate(gate + jump, none).has_value());
    CHECK_FALSE(jump_before_gate(jump, none).has_value());
}

TEST(pam_stack, a_continued_line_is_one_line) {
    stands_between("auth \\\n  required \\\n  pam_unix.so\n",
                   "account \\\n required pam_unix.so\n");
    stands_between("auth required a.so \\\n account\n", "account required pam_unix.so\n");
    // A comment ends the line, backslash or not.
    stands_between("auth required a.so # \\\n", "account required pam_unix.so\n");
}

TEST(pam_stack, what_cannot_be_understood_is_left_alone) {
    TEXT_EQUAL("its last line ends with a backslash; fix it by hand",
               complaint("auth required a.so \\\n"));
    for (const std::string inside : {"# why\n", "\n", " \t\n"})
        CHECK_TRUE(
            complaint("auth \\\n" + inside + " required a.so\n").find("write it as one line") !=
            std::string::npos);
    CHECK_TRUE(complaint(std::string("auth\0x\n", 7)).find("no text file") != std::string::npos);
    CHECK_TRUE(complaint(std::string(block_begin) + "\n").find("line 1") != std::string::npos);
}

TEST(pam_stack, a_line_that_libpam_reads_in_pieces_is_left_alone) {
    const auto too_long = [](const std::string& text) {
        return complaint(text).find("line 2 is longer than 1022 bytes") != std::string::npos;
    };
    const std::string account = "account required b.so\n";
    stands_between("# " + std::string(1020, 'x') + "\nauth required a.so\n", account);
    CHECK_TRUE(too_long("\n#" + std::string(1022, 'x') + account));
    CHECK_TRUE(too_long("\n" + std::string(1023, ' ') + account));
    CHECK_TRUE(too_long("\nauth required a.so " + std::string(1023, 'x')));
    // Those that go on share what room there is.
    CHECK_TRUE(too_long("\nauth " + std::string(600, ' ') + "\\\nrequired " +
                        std::string(600, ' ') + "a.so\n" + account));
    const auto call = with_gate(account, {"/" + std::string(1023, 'x'), {}}, {});
    CHECK_FALSE(call.has_value());
    CHECK_TRUE(has_account_lines("#" + std::string(1022, 'x') + account));
}

TEST(pam_stack, the_call_is_replaced_where_it_stands) {
    const std::string before = "auth required a.so\n";
    const std::string after = "account required b.so\n";
    const auto edited =
        with_gate(before + block() + after, {"/opt/pam_together.so", {"require=admin"}},
                  common_account_holds_some);
    TEXT_EQUAL(before + block("/opt/pam_together.so require=admin") + after, *edited);
    const auto call = call_in_block(*edited);
    CHECK_TRUE(call && *call == GateCall({"/opt/pam_together.so", {"require=admin"}}));
    CHECK_FALSE(call_in_block(before + after)->has_value());
}

TEST(pam_stack, a_block_that_no_longer_stands_first_is_moved) {
    const auto edited = with_gate("account required a.so\n" + block() + "account required b.so\n",
                                  {}, common_account_holds_some);
    TEXT_EQUAL(block() + "account required a.so\naccount required b.so\n", *edited);
}

TEST(pam_stack, a_control_that_was_loosened_is_tightened) {
    std::string loose = block();
    loose.replace(loose.find("default=die"), 11, "default=ok ");
    TEXT_EQUAL(block() + "account required a.so\n",
               *with_gate(loose + "account required a.so\n", {}, common_account_holds_some));
}

TEST(pam_stack, a_line_of_another_in_the_block_is_not_lost) {
    const auto lost = [](const std::string& line) {
        auto text = "auth required a.so\n" + block();
        text.insert(text.find(block_end), line + "\n");
        const auto bare = without_gate(text);
        return bare ? std::string() : bare.error().message;
    };
    const std::string why =
        "line 5 stands between togetherctl's comments and is not togetherctl's: move it out of "
        "there";
    TEXT_EQUAL(why, lost("account required pam_access.so"));
    TEXT_EQUAL(why, lost("account required pam_succeed_if.so user != x"));
    TEXT_EQUAL(why, lost("# why"));
    TEXT_EQUAL(why, lost("account required \\"));
    TEXT_EQUAL("", lost(" "));
    // Ours, whatever its control became, and whomever the root's way asks for.
    TEXT_EQUAL("", lost("account optional /x/pam_together.so quiet"));
    TEXT_EQUAL("", lost(gate_lines({"pam_together.so", {}, true})[0]));
    TEXT_EQUAL("", lost(gate_lines({"pam_together.so", {}, false, 1000})[0]));
    TEXT_EQUAL(why, lost("account required pam_succeed_if.so quiet uid < 1000 user = x"));
    TEXT_EQUAL(why, lost("account required pam_succeed_if.so quiet uid < many"));
}

TEST(pam_stack, accounts_below_a_uid_pass_su_and_cron) {
    const auto way = [](uid_t spared_below) {
        return gate_lines({"pam_together.so", {}, false, spared_below})[0];
    };
    TEXT_EQUAL("account [success=1 default=ignore] pam_succeed_if.so quiet uid < 1000", way(1000));
    // A min_uid of 0 or 1: root has a way in all the same.
    TEXT_EQUAL("account [success=1 default=ignore] pam_succeed_if.so quiet uid = 0", way(1));
    TEXT_EQUAL(way(1), way(0));
    const GateCall call{"pam_together.so", {}, false, 1000};
    const auto edited = with_gate("account required a.so\n", call, common_account_holds_some);
    TEXT_EQUAL("account required a.so\n", *without_gate(*edited));
    TEXT_EQUAL(*edited, *with_gate(*with_gate(*edited, {}, common_account_holds_some), call,
                                   common_account_holds_some));
    const auto by_hand = line_by_hand(gate_lines(call)[0] + "\n" + gate_lines(call)[1] + "\n",
                                      common_account_holds_some);
    CHECK_TRUE(by_hand && by_hand->stands_right && by_hand->call == call);
    CHECK_FALSE(by_hand->call.same_way({}));
}

TEST(pam_stack, a_line_by_hand_is_found_and_judged) {
    const std::string root = "account [success=1 default=ignore] pam_succeed_if.so quiet uid = 0\n";
    const std::string gate =
        "account\t[success=ok ignore=ignore default=die]  /x/pam_together.so quiet\n";
    const auto find = [](const std::string& text) {
        return line_by_hand(text, common_account_holds_some);
    };
    const auto right = find("auth required a.so\n" + root + gate + "@include common-account\n");
    CHECK_TRUE(right && right->stands_right);
    LONGS_EQUAL(3, right->number);
    CHECK_TRUE(right->call == GateCall({"/x/pam_together.so", {"quiet"}}));
    CHECK_FALSE(find("@include common-account\n" + root + gate)->stands_right);
    CHECK_FALSE(find(gate)->stands_right);
    CHECK_FALSE(find(root + "account optional pam_together.so\n")->stands_right);
    CHECK_FALSE(find("#" + gate).has_value());
    CHECK_FALSE(right->call.by_caller);
    const auto of_sudo = find(gate_lines({"pam_together.so", {}, true})[0] + "\n" + gate);
    CHECK_TRUE(of_sudo && of_sudo->stands_right && of_sudo->call.by_caller);
    CHECK_FALSE(find(block()).has_value());
    const auto beside_block = find(block() + "account required a.so\n" + gate);
    LONGS_EQUAL(6, beside_block->number);
    CHECK_FALSE(beside_block->stands_right);
}
