// SPDX-License-Identifier: Apache-2.0
// "together" in nsswitch.conf: in behind files, and out again byte for byte; where nobody can tell
// what it would do, not at all.
#include "togetherctl/enabling/name_services.h"

#include <CppUTest/TestHarness.h>

#include "tests/unit/support/texts.h"

using namespace together::ctl;

struct NameServicesGroup : Utest {
    static void becomes(const std::string& before, const std::string& after) {
        const auto with = with_together(before);
        CHECK_TRUE_TEXT(with.has_value(), before.c_str());
        TEXT_EQUAL(after, *with);
        TEXT_EQUAL(after, with_together(*with).value_or("refused"));
        TEXT_EQUAL(before, without_together(*with));
        for (const auto* database : {"passwd", "group", "initgroups"})
            CHECK_FALSE(problem_of_database(*with, database).has_value());
    }
    static void refused(const std::string& text, const std::string& why) {
        const auto with = with_together(text);
        CHECK_FALSE_TEXT(with.has_value(), text.c_str());
        if (with.error().message.find(why) == std::string::npos)
            TEXT_EQUAL(why, with.error().message);
    }
    static std::string problem(const std::string& text, const char* database) {
        const auto found = problem_of_database(text, database);
        return found ? (found->dangerous ? "DANGER " : "") + found->what : "";
    }
};

TEST_GROUP_BASE(name_services, NameServicesGroup){};

TEST(name_services, ours_is_asked_directly_behind_files) {
    becomes("passwd: files\ngroup: files\n", "passwd: files together\ngroup: files together\n");
    becomes(
        "passwd:\t\tfiles systemd sss\ngroup:files  systemd\nshadow: files\n",
        "passwd:\t\tfiles together systemd sss\ngroup:files together  systemd\nshadow: files\n");
    becomes("# a comment\npasswd: files # passwd: compat\ngroup: files",
            "# a comment\npasswd: files together # passwd: compat\ngroup: files together");
    becomes("  passwd : files\r\ngroup: files\r\n",
            "  passwd : files together\r\ngroup: files together\r\n");
}

TEST(name_services, a_merge_of_groups_stays_one) {
    becomes("passwd: files systemd\ngroup: files [SUCCESS=merge] systemd\n",
            "passwd: files together systemd\ngroup: files [SUCCESS=merge] together systemd\n");
}

TEST(name_services, with_an_initgroups_line_files_lets_it_go_on) {
    const std::string two = "passwd: files\ngroup: files\n";
    const std::string ours = "passwd: files together\ngroup: files together\n";
    becomes(two + "initgroups: files\n", ours + "initgroups: files [SUCCESS=continue] together\n");
    becomes(two + "initgroups: files [success=continue] sss\n",
            ours + "initgroups: files [success=continue] together [SUCCESS=continue] sss\n");
    refused(two + "initgroups: files sss\n", "who has a group in files gets none of the others");
}

TEST(name_services, where_nobody_can_tell_it_is_refused) {
    const std::string group = "group: files\n";
    refused("passwd: compat\n" + group, "line 1: \"files\" does not stand there");
    refused("passwd: compat\n" + group, "It says \"passwd: compat\"");
    refused("passwd: sss files\n" + group, "line 1: \"sss\" stands before \"files\"");
    refused("passwd: files [NOTFOUND=return] sss\n" + group,
            "\"files [NOTFOUND=return]\" ends or changes the look-up");
    refused("passwd: files [!UNAVAIL=return] sss\n" + group, "ends or changes the look-up");
    refused("passwd: files [SUCCESS=merge]\n" + group, "ends or changes the look-up");
    refused("passwd: files\npasswd: files sss\n" + group, "line 2: passwd stands there twice");
    refused(group, "there is no line \"passwd\"");
    refused("", "there is no line \"passwd\"");
    refused("passwd:\n" + group, "\"files\" does not stand there");
    refused("passwd: [NOTFOUND=return\n" + group, "\"files\" does not stand there");
}

TEST(name_services, what_an_operator_wrote_right_stays_as_it_is) {
    const std::string text = "passwd: files\ttogether\ngroup: files   together sss\n";
    TEXT_EQUAL(text, with_together(text).value_or("refused"));
    TEXT_EQUAL("passwd: files\ngroup: files sss\n", without_together(text));
}

TEST(name_services, what_stands_wrong_is_put_right) {
    TEXT_EQUAL("passwd: files together sss\ngroup: files together\n",
               with_together("passwd: files sss together\ngroup: files\n").value_or("refused"));
    TEXT_EQUAL(
        "passwd: files together\ngroup: files together\n",
        with_together("passwd: together files\ngroup: together files\n").value_or("refused"));
}

TEST(name_services, each_problem_is_named) {
    TEXT_EQUAL("", problem("passwd: files together", "passwd"));
    TEXT_EQUAL("", problem("passwd: files together", "initgroups"));
    TEXT_EQUAL("there is no line \"group\"", problem("passwd: files together", "group"));
    TEXT_EQUAL("line 1: \"together\" is missing", problem("group: files", "group"));
    TEXT_EQUAL("DANGER line 1: \"together\" stands before \"files\"",
               problem("group: together files", "group"));
    TEXT_EQUAL("line 1: \"together\" stands behind \"sss\"",
               problem("group: files sss together", "group"));
    TEXT_EQUAL("line 1: \"[NOTFOUND=return]\" before \"together\" ends the look-up, or changes it",
               problem("passwd: files [NOTFOUND=return] together", "passwd"));
    TEXT_EQUAL(
        "line 1: who has a group in files gets none of \"together\", without [SUCCESS=continue]",
        problem("initgroups: files together", "initgroups"));
}

TEST(name_services, any_bytes_are_read) {
    for (const std::string text :
         {"passwd", "passwd:", ":", "[", "passwd: [", "passwd: files[", "\n\n", "passwd: #files",
          "initgroups: together", "passwd:together", "passwd: together together"}) {
        static_cast<void>(with_together(text));
        static_cast<void>(without_together(text));
        static_cast<void>(lines_of_databases(text));
        static_cast<void>(problem_of_database(text, "passwd"));
    }
}
