// SPDX-License-Identifier: Apache-2.0
#include "role_server/cli/options.h"

#include <CppUTest/TestHarness.h>

#include <array>
#include <map>

using namespace together::roled;

TEST_GROUP(OptionsTest) {
    static constexpr std::array settings =
        std::to_array<OptionSpec>({{"db", "FILE", "", true},
                                   {"max-waiters", "N", "", true},
                                   {"secret", "X", "", false},
                                   {"plain", "", "", false}});
    std::map<std::string, std::string> environment;

    together::Result<Options> read(const std::vector<std::string>& arguments) {
        return Options::read(
            arguments, settings, settings, [this](const char* name) -> const char* {
                const auto found = environment.find(name);
                return found == environment.end() ? nullptr : found->second.c_str();
            });
    }

    std::string problem(const std::vector<std::string>& arguments) {
        const auto options = read(arguments);
        return options ? std::string("none") : options.error().message;
    }
};

TEST(OptionsTest, both_forms_of_a_value) {
    const auto options = read({"--db", "a b", "--max-waiters=7", "--plain"});
    STRCMP_EQUAL("a b", options->require("db")->c_str());
    LONGS_EQUAL(7, static_cast<long>(*options->number("max-waiters", 1, 10)));
    CHECK(options->has("plain"));
    CHECK_FALSE(options->has("secret"));
}

TEST(OptionsTest, the_command_line_comes_before_the_environment) {
    environment = {{"TOGETHER_ROLED_DB", "env"}, {"TOGETHER_ROLED_MAX_WAITERS", "3"}};
    const auto options = read({"--db=line"});
    STRCMP_EQUAL("line", options->get("db")->c_str());
    LONGS_EQUAL(3, static_cast<long>(*options->number("max-waiters", 1, 10)));
}

TEST(OptionsTest, what_is_not_for_the_environment_is_not_taken_from_it) {
    environment = {{"TOGETHER_ROLED_SECRET", "env"}};
    CHECK_FALSE(read({})->has("secret"));
}

TEST(OptionsTest, mistakes_are_errors) {
    CHECK_FALSE(read({"--dbx", "a"}).has_value());
    CHECK_FALSE(read({"db"}).has_value());
    CHECK_FALSE(read({"--"}).has_value());
    CHECK_FALSE(read({"--db"}).has_value());
    CHECK_FALSE(read({"--db=a", "--db=b"}).has_value());
    CHECK_FALSE(read({"--config=x"}).has_value());
}

TEST(OptionsTest, a_mistake_is_named) {
    for (const std::string argument :
         {"--dbx", "--dbx=a", "--d", "--DB", "--max_waiters", "db", "", "--", "-d", "-1", "-",
          "---db", "--!", "--config=x", "=", "--="})
        STRCMP_EQUAL(("unknown argument '" + argument + "' (see --help)").c_str(),
                     problem({"--plain", argument}).c_str());
    STRCMP_EQUAL("--db needs a value", problem({"--plain", "--db"}).c_str());
    STRCMP_EQUAL("--db is given twice", problem({"--db", "a", "--db=b"}).c_str());
    STRCMP_EQUAL("--plain is given twice", problem({"--plain", "--plain"}).c_str());
}

// An operator may well mean the opposite.
TEST(OptionsTest, a_switch_takes_no_value) {
    for (const std::string value : {"no", "false", "true", "yes", "", "{}"})
        STRCMP_EQUAL("--plain takes no value", problem({"--plain=" + value}).c_str());
}

TEST(OptionsTest, a_value_may_look_like_anything) {
    for (const std::string value : {"", "--plain", "-h", "--", "-1", "=", "a=b", "--x=y",
                                    "[::1]:8480", "[a,b]", "{}", "%%", "\"a\""}) {
        STRCMP_EQUAL(value.c_str(), read({"--db", value})->get("db")->c_str());
        const auto joined = read({"--db=" + value, "--plain"});
        STRCMP_EQUAL(value.c_str(), joined->get("db")->c_str());
        CHECK(joined->has("plain"));
    }
}

TEST(OptionsTest, numbers_have_a_range) {
    for (const auto* text : {"", "x", "1x", "-1", "11", "1.0"})
        CHECK_FALSE(
            read({std::string("--max-waiters=") + text})->number("max-waiters", 1, 10).has_value());
    LONGS_EQUAL(1, static_cast<long>(*read({})->number("max-waiters", 1, 10)));
}

TEST(OptionsTest, an_operand_stands_anywhere_once) {
    const auto with = [](const std::vector<std::string>& arguments) {
        return Options::read(
            arguments, settings, settings, [](const char*) -> const char* { return nullptr; },
            "FILE");
    };
    for (const auto& arguments : {std::vector<std::string>{"--db", "a", "b"}, {"b", "--db", "a"}})
        STRCMP_EQUAL("b", with(arguments)->operand()->c_str());
    STRCMP_EQUAL("FILE is required (see --help)",
                 with({"--db", "a"})->operand().error().message.c_str());
    CHECK_FALSE(with({"b", "c"}).has_value());
    CHECK_FALSE(with({"-x"}).has_value());
    CHECK_FALSE(with({"--", "b"}).has_value());
}

TEST(OptionsTest, a_password_is_not_taken_from_the_command_line) {
    const std::string db = "postgresql://ann:pearl@host/roles";
    const auto said = problem({"--db", db});
    STRCMP_CONTAINS("TOGETHER_ROLED_DB", said.c_str());
    CHECK(said.find("pearl") == std::string::npos);
    environment = {{"TOGETHER_ROLED_DB", db}};
    STRCMP_EQUAL(db.c_str(), read({})->get("db")->c_str());
}
