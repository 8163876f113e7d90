// SPDX-License-Identifier: Apache-2.0
// together-refresh's command line.
#include <CppUTest/TestHarness.h>
#include <unistd.h>

#include "tests/unit/support/processes.h"
#include "tests/unit/support/texts.h"
#include "together_refresh/process/options.h"

using namespace together;

namespace {

Result<RefreshOptions> parse(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "together-refresh");
    const int count = static_cast<int>(arguments.size());
    arguments.push_back(nullptr);
    return parse_options(count, arguments.data());
}

std::string problem(std::vector<const char*> arguments) {
    const auto options = parse(std::move(arguments));
    return options ? std::string("none") : options.error().message;
}

}  // namespace

TEST_GROUP(refresh_options){};

TEST(refresh_options, without_any_it_is_one_round_now) {
    const auto options = parse({});
    CHECK_TRUE(options.has_value());
    TEXT_EQUAL("/etc/together/together.conf", options->config_path);
    CHECK_TRUE(options->kind == RefreshKind::now);
    CHECK_FALSE(options->verbose || options->accept_older || options->help || options->version);
}

TEST(refresh_options, each_is_understood) {
    TEXT_EQUAL("/x/y.conf", parse({"--config", "/x/y.conf"})->config_path);
    TEXT_EQUAL("/b", parse({"--config", "/a", "--config", "/b"})->config_path);
    CHECK_TRUE(parse({"--watch"})->kind == RefreshKind::watch);
    CHECK_TRUE(parse({"--on-demand"})->kind == RefreshKind::on_demand);
    CHECK_TRUE(parse({"--verbose"})->verbose);
    CHECK_TRUE(parse({"--accept-older"})->accept_older);
    CHECK_TRUE(parse({"--help"})->help);
    CHECK_TRUE(parse({"--version"})->version);
    const auto all = parse({"--verbose", "--config", "/a", "--accept-older", "--on-demand"});
    CHECK_TRUE(all->verbose && all->accept_older && all->kind == RefreshKind::on_demand);
}

TEST(refresh_options, what_is_not_understood_is_an_error_that_names_it) {
    for (const auto* argument :
         {"--wach",    "-v",      "",          "x",        "--config=/x",  "--",
          "--watch=1", "--help ", "--config=", "--watch=", "--watch=true", "--wat",
          "--Watch",   "-h",      "-1",        "-",        "---watch",     "--!",
          "/watch",    "++"})
        TEXT_EQUAL("unknown argument " + std::string(argument), problem({argument}));
    TEXT_EQUAL("--config needs a path", problem({"--config"}));
    TEXT_EQUAL("--config needs a path", problem({"--config", ""}));
    TEXT_EQUAL("--config needs a path", problem({"--watch", "--config"}));
    TEXT_EQUAL("unknown argument x", problem({"--help", "x"}));
    TEXT_EQUAL("unknown argument --", problem({"--verbose", "--", "--watch"}));
    TEXT_EQUAL("unknown argument --url=x", problem({"--api-check", "--url=x"}));
}

TEST(refresh_options, watch_and_on_demand_exclude_each_other) {
    TEXT_CONTAINS("exclude", problem({"--watch", "--on-demand"}));
    TEXT_CONTAINS("exclude", problem({"--on-demand", "--watch"}));
}

// Once is a decision, for ever would be no check at all.
TEST(refresh_options, watch_does_not_accept_older_revisions) {
    TEXT_CONTAINS("exclude", problem({"--watch", "--accept-older"}));
    TEXT_CONTAINS("exclude", problem({"--accept-older", "--watch"}));
}

TEST(refresh_options, a_value_may_look_like_anything) {
    for (const auto* value :
         {"--watch", "--", "-1", "a=b", "--url=x", "[a,b]", "{}", "%%", "\"a\""})
        TEXT_EQUAL(value, *parse({"--api-check", "--url", value})->api_check.url);
}

TEST(refresh_options, the_last_of_two_counts_where_they_are_no_kinds) {
    TEXT_EQUAL("/b",
               *parse({"--api-check", "--ca-file", "/a", "--ca-file", "/b"})->api_check.ca_file);
    CHECK_TRUE(parse({"--verbose", "--verbose"})->verbose);
    TEXT_CONTAINS("exclude", problem({"--watch", "--watch"}));
    TEXT_EQUAL("--url needs a value", problem({"--api-check", "--url", "", "--url", "x"}));
}

TEST(refresh_options, there_may_be_not_even_a_name) {
    const char* const none[] = {nullptr};
    CHECK_TRUE(parse_options(0, none).has_value());
}

// It leaves its working directory before it reads the configuration.
TEST(refresh_options, a_relative_path_is_relative_to_where_it_was_started) {
    CHECK_TRUE(holds_in_a_child([] {
        return ::chdir("/tmp") == 0 &&
               parse({"--config", "x.conf"})->config_path == "/tmp/x.conf" &&
               parse({"--config", "./a/x.conf"})->config_path == "/tmp/./a/x.conf";
    }));
}

TEST(refresh_options, the_usage_names_each) {
    for (const auto* option : {"--config", "--watch", "--on-demand", "--accept-older", "--verbose",
                               "--help", "--version", "75", "77", "78", "Example:"})
        TEXT_CONTAINS(option, refresh_usage);
}

TEST(refresh_options, of_an_api_check) {
    const auto options = parse({"--api-check", "--url", "https://x/v1", "--project", "proj_1",
                                "--token-file", "/t", "--ca-file", "/c"});
    CHECK_TRUE(options->kind == RefreshKind::api_check);
    TEXT_EQUAL("https://x/v1", *options->api_check.url);
    TEXT_EQUAL("proj_1", *options->api_check.project);
    TEXT_EQUAL("/t", *options->api_check.token_file);
    TEXT_EQUAL("/c", *options->api_check.ca_file);
    CHECK_FALSE(parse({"--api-check"})->api_check.url.has_value());
    TEXT_EQUAL("--url needs a value", problem({"--api-check", "--url"}));
    TEXT_EQUAL("--project is for --api-check", problem({"--project", "proj_1"}));
    TEXT_EQUAL("--url is for --api-check", problem({"--project", "proj_1", "--url", "x"}));
    TEXT_EQUAL("--api-check takes neither --accept-older nor --verbose",
               problem({"--api-check", "--verbose"}));
}

TEST(refresh_options, of_a_check_of_access) {
    CHECK_TRUE(parse({"--check-access"})->kind == RefreshKind::check_access);
    TEXT_CONTAINS("exclude", problem({"--check-access", "--watch"}));
    TEXT_EQUAL("--project is for --api-check", problem({"--check-access", "--project", "proj_1"}));
    TEXT_EQUAL("--check-access takes neither --accept-older nor --verbose",
               problem({"--check-access", "--verbose"}));
}
