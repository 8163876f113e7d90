// SPDX-License-Identifier: Apache-2.0
// The command line of the programs for people.
#include "cli/command_line.h"

#include <CppUTest/TestHarness.h>

#include <array>

#include "tests/unit/support/texts.h"

using namespace together;

namespace {

constexpr std::array<Option, 3> options = {{
    {"action", "ACTION", ""},
    {"uid", "UID", ""},
    {"force", "", ""},
}};
const Verb look{"look", "LOGIN", "", "", options, {}, "", nullptr};
const Verb tend{"tend", "[LOGIN]", "", "", {}, {}, "", nullptr};
const Verb rest{"rest", "", "", "", {}, {}, "", nullptr};
const Verb rest_long{"rest long", "", "", "", {}, {}, "", nullptr};
const Verb tend_all{"tend all", "LOGIN", "", "", options, {}, "", nullptr};
constexpr std::array<const Verb*, 5> verbs = {&look, &tend, &rest, &tend_all, &rest_long};
constexpr std::array<Option, 4> common = {{
    {"config", "PATH", ""},
    {"json", "", ""},
    {"help", "", "", 'h'},
    {"version", "", ""},
}};
const Program program{"togetherctl", "", verbs, common, "", "", "/etc/together/together.conf"};

using Words = std::vector<std::string>;

Result<CommandLine> parse(const Words& arguments) {
    return CommandLine::parse(arguments, program);
}

std::string problem(const Words& arguments) {
    const auto line = parse(arguments);
    return line ? std::string("none") : line.error().message;
}

}  // namespace

TEST_GROUP(command_line){};

TEST(command_line, a_verb_its_operand_and_options) {
    const auto line = parse({"look", "ann", "--action", "ssh.login", "--force", "--json"});
    POINTERS_EQUAL(&look, line->verb());
    TEXT_EQUAL("ann", line->operand());
    TEXT_EQUAL("ssh.login", *line->value("action"));
    TEXT_EQUAL("", *line->value("force"));
    CHECK_TRUE(line->has("json"));
    CHECK_FALSE(line->has("uid") || line->has("config"));
    TEXT_EQUAL("/etc/together/together.conf", line->config_path());
    POINTERS_EQUAL(&tend, parse({"tend"})->verb());
}

TEST(command_line, options_of_every_verb_stand_before_it_too) {
    const auto line = parse({"--config", "/x", "--json", "look", "--action=a=b", "ann"});
    TEXT_EQUAL("/x", line->config_path());
    TEXT_EQUAL("a=b", *line->value("action"));
    TEXT_EQUAL("ann", line->operand());
    CHECK_TRUE(line->has("json"));
    TEXT_EQUAL("unknown option \"--action\" (see togetherctl --help)",
               problem({"--action", "a", "look", "ann"}));
}

TEST(command_line, a_value_may_look_like_anything) {
    for (const std::string value :
         {"--json", "-h", "--", "-1", "=", "a=b", "--x=y", "--json=", "[a]", "[a,b]", "{}", "true",
          "%%", " ", "\"a b\"", "'a'", "\\n", "a,b"}) {
        TEXT_EQUAL(value, *parse({"look", "ann", "--action", value})->value("action"));
        TEXT_EQUAL(value, *parse({"look", "ann", "--action=" + value})->value("action"));
        TEXT_EQUAL(value, *parse({"--config", value, "rest"})->value("config"));
    }
}

TEST(command_line, an_operand_may_be_called_like_a_verb_or_an_option) {
    for (const std::string login : {"look", "tend", "help", "action", "-", "++", "/x", "[a,b]"})
        TEXT_EQUAL(login, parse({"look", login})->operand());
    for (const std::string login : {"--json", "--", "-h", "--action=x", "-1"}) {
        const auto line = parse({"look", "--", login});
        TEXT_EQUAL(login, line->operand());
        CHECK_FALSE(line->has("json") || line->has("help") || line->has("action"));
    }
    TEXT_EQUAL("--json", parse({"--", "look", "--json"})->operand());
    TEXT_EQUAL("ann", parse({"look", "ann", "--"})->operand());
}

TEST(command_line, a_verb_may_have_two_words) {
    const auto line = parse({"--json", "tend", "all", "ann", "--force"});
    POINTERS_EQUAL(&tend_all, line->verb());
    TEXT_EQUAL("ann", line->operand());
    CHECK_TRUE(line->has("force"));
    POINTERS_EQUAL(&tend, parse({"tend", "--", "all"})->verb());
    TEXT_EQUAL("al", parse({"tend", "al"})->operand());
    TEXT_CONTAINS("tend all: LOGIN is missing (see togetherctl tend all --help)",
                  problem({"tend", "all"}));
}

TEST(command_line, behind_two_dashes_there_are_no_options) {
    TEXT_CONTAINS("extra argument \"--json\"", problem({"look", "ann", "--", "--json"}));
    TEXT_CONTAINS("extra argument \"--json\"", problem({"rest", "long", "--", "--json"}));
    TEXT_CONTAINS("extra argument \"--json\"", problem({"--", "rest", "long", "--json"}));
    TEXT_CONTAINS("unknown verb \"--json\"", problem({"--", "--json"}));
    TEXT_CONTAINS("a verb is missing", problem({"--"}));
}

TEST(command_line, what_no_table_names_is_an_error) {
    for (const std::string option : {"--bogus", "--act", "--actions", "--Force", "-x", "-j", "-1",
                                     "-hx2", "---json", "--!", "-!", "-force", "--no-json"})
        TEXT_CONTAINS("unknown option", problem({"look", "ann", option}));
    TEXT_EQUAL("look: unknown option \"--bogus\" (see togetherctl look --help)",
               problem({"look", "ann", "--bogus=1"}));
    TEXT_CONTAINS("unknown option \"--uid\"", problem({"rest", "--uid"}));
    TEXT_EQUAL(
        "unknown verb \"lok\"; there are look, tend, rest, tend all, rest long (see togetherctl "
        "--help)",
        problem({"lok"}));
    TEXT_CONTAINS("unknown verb \"\"", problem({""}));
    TEXT_CONTAINS("unknown option \"-1\"", problem({"-1"}));
    TEXT_CONTAINS("extra argument \"bob\"", problem({"look", "ann", "bob"}));
    TEXT_EQUAL("rest: unknown verb \"ann\"; there are rest long (see togetherctl rest --help)",
               problem({"rest", "ann"}));
    TEXT_CONTAINS("extra argument \"ann\"", problem({"rest", "long", "ann"}));
    TEXT_CONTAINS("an empty argument", problem({"look", ""}));
}

TEST(command_line, what_is_missing_is_an_error) {
    TEXT_CONTAINS("a verb is missing; there are look, tend, rest, tend all, rest long",
                  problem({}));
    TEXT_CONTAINS("a verb is missing", problem({"--json"}));
    TEXT_CONTAINS("LOGIN is missing", problem({"look", "--force"}));
}

TEST(command_line, a_value_is_given_and_not_empty) {
    const std::string needed = "look: --action needs a value, ACTION (see togetherctl look --help)";
    TEXT_EQUAL(needed, problem({"look", "ann", "--action"}));
    TEXT_EQUAL(needed, problem({"look", "ann", "--action", ""}));
    TEXT_EQUAL(needed, problem({"look", "ann", "--action="}));
    TEXT_EQUAL(needed, problem({"look", "--action=", "ann"}));
    TEXT_EQUAL("--config needs a value, PATH (see togetherctl --help)", problem({"--config"}));
}

TEST(command_line, a_switch_takes_no_value) {
    for (const std::string value : {"yes", "true", "false", "1", "", "{}"}) {
        TEXT_EQUAL("look: --force takes no value (see togetherctl look --help)",
                   problem({"look", "ann", "--force=" + value}));
        TEXT_CONTAINS("--json takes no value", problem({"--json=" + value, "rest"}));
    }
}

TEST(command_line, an_option_is_given_once) {
    TEXT_CONTAINS("--json is given twice", problem({"rest", "--json", "--json"}));
    TEXT_CONTAINS("--json is given twice", problem({"--json", "rest", "--json"}));
    TEXT_CONTAINS("--uid is given twice", problem({"look", "--uid", "1", "--uid=1"}));
    TEXT_CONTAINS("--help is given twice", problem({"-h", "rest", "--help"}));
}

TEST(command_line, with_help_or_version_nothing_need_be_complete) {
    CHECK_TRUE(parse({"--help"})->verb() == nullptr);
    CHECK_TRUE(parse({"-h"})->has("help"));
    CHECK_TRUE(parse({"--version"})->has("version"));
    POINTERS_EQUAL(&look, parse({"look", "--help"})->verb());
    POINTERS_EQUAL(&look, parse({"--help", "look"})->verb());
    TEXT_CONTAINS("unknown option \"--bogus\"", problem({"look", "--help", "--bogus"}));
}

TEST(command_line, nothing_of_it_comes_from_the_environment) {
    CHECK_EQUAL(0, ::setenv("CONFIG", "/elsewhere", 1));
    CHECK_FALSE(parse({"rest"})->has("config"));
    ::unsetenv("CONFIG");
}
