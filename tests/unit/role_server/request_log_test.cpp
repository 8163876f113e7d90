// SPDX-License-Identifier: Apache-2.0
#include "role_server/server/request_log.h"

#include <CppUTest/TestHarness.h>

#include <array>
#include <atomic>
#include <cctype>
#include <cstdio>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "role_server/access/credentials.h"

using namespace together::roled;

namespace {

constexpr std::chrono::milliseconds took{250};

Request request_to(std::string target) {
    Request request;
    request.id = "req_1";
    request.peer = "192.0.2.1";
    request.method = "GET";
    request.target = std::move(target);
    return request;
}

bool has(const std::string& line, const std::string& text) {
    return line.find(text) != std::string::npos;
}

}  // namespace

TEST_GROUP(RequestLogTest) {
    std::vector<std::string> lines;  // read once the log is gone

    RequestLog::Write keep() {
        return [this](std::string_view line) { lines.emplace_back(line); };
    }
};

TEST(RequestLogTest, a_line_says_who_asked_for_what_and_how_it_ended) {
    const auto key = mint(KeyKind::user);
    auto request = request_to("/v1/projects/proj_1?limit=2");
    request.headers.emplace_back("authorization", "Bearer " + key.token);
    RequestLog(keep()).answered(request, 403, took, 0);
    LONGS_EQUAL(1, lines.size());
    for (const std::string expected :
         {R"("time":"1970-01-01T00:00:00Z")", R"("id":"req_1")", R"("client":"192.0.2.1")",
          R"("method":"GET")", R"("path":"/v1/projects/proj_1")",
          R"("route":"GET /v1/projects/{proj}")", R"("status":403)", R"("seconds":0.25)"})
        CHECK_TRUE_TEXT(has(lines[0], expected), expected.c_str());
    CHECK_TRUE(has(lines[0], "\"key\":\"" + key.id + '"'));
    CHECK_FALSE(has(lines[0], key.token.substr(16)));
    CHECK_FALSE(has(lines[0], "limit"));
}

TEST(RequestLogTest, a_token_in_the_path_loses_its_secret) {
    const auto key = mint(KeyKind::user);
    RequestLog(keep()).answered(request_to("/v1/projects/" + key.token), 404, took, 0);
    CHECK_FALSE(has(lines.at(0), key.token.substr(16)));
    CHECK_TRUE(has(lines.at(0), R"("key":null)"));
}

TEST(RequestLogTest, a_token_loses_its_secret_in_any_encoding) {
    const auto token = mint(KeyKind::user).token;
    const auto secret = token.substr(16);
    const auto encoded_t = [&](const char* t) { return t + token.substr(1); };
    std::string each, upper = token, lower = token;
    for (const char c : token) {
        std::array<char, 4> hex{};
        (void)std::snprintf(hex.data(), hex.size(), "%%%02x", static_cast<unsigned>(c));
        each += hex.data();
    }
    for (auto& c : upper) c = static_cast<char>(std::toupper(c));
    for (auto& c : lower) c = static_cast<char>(std::tolower(c));
    const auto in_upper_case = upper.substr(16), in_lower_case = lower.substr(16);
    for (const auto& sent :
         {encoded_t("%74"), encoded_t("%54"), encoded_t("%2574"), each, upper, lower,
          token.substr(0, 3) + "%5f" + token.substr(4), token.substr(0, 16) + "%zz" + secret,
          "x%3Ftoken=" + token, "%00" + encoded_t("%ff%74")}) {
        lines.clear();
        RequestLog(keep()).answered(request_to("/v1/projects/" + sent + "/x"), 404, took, 0);
        for (const auto& hidden : {secret, in_upper_case, in_lower_case, each.substr(48)})
            CHECK_FALSE_TEXT(has(lines.at(0), hidden), lines[0].c_str());
        CHECK_TRUE_TEXT(has(lines[0], R"(.../x")"), lines[0].c_str());
    }
}

TEST(RequestLogTest, what_is_no_token_is_shown_as_it_was_sent) {
    for (const std::string path : {"/v1/projects/proj_1%2f%zz%", "/tgx/tg_", "/tg", "/tgu",
                                   "/v1/projects/tgu_short", "/a%20b"}) {
        lines.clear();
        RequestLog(keep()).answered(request_to(path), 404, took, 0);
        CHECK_TRUE_TEXT(has(lines.at(0), "\"path\":\"" + path + '"'), lines[0].c_str());
    }
}

TEST(RequestLogTest, a_token_in_the_place_of_the_method_loses_its_secret) {
    auto request = request_to("/");
    request.method = mint(KeyKind::node).token;
    RequestLog(keep()).answered(request, 405, took, 0);
    CHECK_TRUE(has(lines.at(0), "\"method\":\"" + request.method.substr(0, 16) + "...\""));
    CHECK_FALSE(has(lines.at(0), request.method.substr(16)));
}

TEST(RequestLogTest, where_lines_are_not_taken_they_are_left_out_and_counted) {
    std::promise<void> taken;
    const auto free = taken.get_future().share();
    {
        RequestLog log(
            [&](std::string_view line) {
                free.wait();
                lines.emplace_back(line);
            },
            2);
        for (int i = 0; i < 7; ++i) log.answered(request_to("/healthz"), 200, took, 0);
        taken.set_value();
    }
    LONGS_EQUAL(2, lines.size());
    CHECK_FALSE(has(lines[1], "left_out"));
}

TEST(RequestLogTest, the_next_line_that_is_taken_says_how_many_are_missing) {
    std::promise<void> taken;
    const auto free = taken.get_future().share();
    std::atomic<bool> told = false;
    {
        RequestLog log(
            [&](std::string_view line) {
                free.wait();
                if (line.find(R"("left_out":3)") != line.npos) told = true;
            },
            1);
        for (int i = 0; i < 4; ++i) log.answered(request_to("/healthz"), 200, took, 0);
        taken.set_value();
        while (log.is_full()) std::this_thread::yield();
        log.answered(request_to("/healthz"), 200, took, 0);
    }
    CHECK_TRUE(told);
}
