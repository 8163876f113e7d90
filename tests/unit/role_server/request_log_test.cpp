// SPDX-License-Identifier: Apache-2.0
#include "role_server/server/request_log.h"

#include <CppUTest/TestHarness.h>

#include <atomic>
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
