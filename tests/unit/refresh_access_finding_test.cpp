// SPDX-License-Identifier: Apache-2.0
// What --check-access says of the authority's answers, without an authority to send them.
#include <CppUTest/TestHarness.h>

#include <cstdint>

#include "tests/unit/support/roster_pages.h"
#include "tests/unit/support/texts.h"
#include "together_refresh/probe/access_finding.h"

using namespace together;
using namespace std::chrono_literals;

namespace {

HttpAnswer answer(long status, const std::string& body = "") {
    HttpAnswer result;
    result.status = status;
    result.content_type = "application/json";
    result.body = body;
    return result;
}

std::string said(const AccessFinding& finding) {
    return std::string(name_of(finding.check)) + " " + std::string(name_of(finding.result)) + ": " +
           finding.what;
}

std::string token(long roster, const std::string& whoami) {
    return said(judge_token(answer(roster), answer(200, whoami), "proj_123"));
}

}  // namespace

TEST_GROUP(refresh_access_finding){};

TEST(refresh_access_finding, an_answer_that_is_slow_or_an_outage) {
    TEXT_CONTAINS("authority ok: it answers, after ", said(judge_answer(answer(200), 5ms, 3s)));
    TEXT_CONTAINS("authority ok: ", said(judge_answer(answer(401), 5ms, 3s)));
    TEXT_CONTAINS(", and a login waits no longer than 3s", said(judge_answer(answer(200), 4s, 3s)));
    TEXT_CONTAINS("authority failure: ", said(judge_answer(answer(503), 4s, 3s)));
}

TEST(refresh_access_finding, without_an_answer_it_is_tls_or_the_way) {
    auto none = answer(0);
    none.error = "why";
    TEXT_EQUAL("authority failure: why", said(why_no_answer(none)));
    none.tls_failed = true;
    TEXT_EQUAL("tls failure: why", said(why_no_answer(none)));
}

TEST(refresh_access_finding, whose_the_token_is) {
    TEXT_EQUAL("token ok: it is accepted", token(200, "{}"));
    TEXT_EQUAL("token ok: it is accepted", token(200, "[1]"));
    TEXT_EQUAL("token ok: it is accepted, a node key of proj_123",
               token(200, R"({"type": "node_key", "project_id": "proj_123"})"));
    TEXT_EQUAL("token failure: it is of proj_9, and this cluster belongs to proj_123",
               token(200, R"({"type": "user", "project_id": "proj_9"})"));
    TEXT_EQUAL("token warning: it is a person's", token(200, R"({"type": "user"})"));
    TEXT_EQUAL("token warning: it is an API key, no node key",
               token(404, R"({"type": "api_key"})"));
    TEXT_EQUAL("token information: the roster's answer does not tell whether it is accepted",
               token(404, "{}"));
    // What is no identifier is not repeated.
    TEXT_EQUAL("token ok: it is accepted",
               token(200, R"({"type": "user", "project_id": "\u001b[2J"})"));
}

TEST(refresh_access_finding, whether_the_roster_can_be_read) {
    const auto first = [](const HttpAnswer& roster) {
        return said(judge_roster(roster, "proj_123").front());
    };
    const auto good = judge_roster(answer(200, json_object(valid_page())), "proj_123");
    LONGS_EQUAL(2, good.size());
    TEXT_EQUAL("project ok: the roster of proj_123 can be read", said(good[0]));
    TEXT_EQUAL("revision is: 7", said(good[1]));
    LONGS_EQUAL(
        1, judge_roster(answer(200, json_object(without(valid_page(), "revision"))), "proj_123")
               .size());
    TEXT_CONTAINS("project failure: ", first(answer(404)));
    TEXT_CONTAINS("project failure: ", first(answer(200, "{")));
    auto html = answer(200, json_object(valid_page()));
    html.content_type = "text/html";
    TEXT_EQUAL("project failure: the answer is no JSON", first(html));
}

TEST(refresh_access_finding, how_the_clocks_differ) {
    constexpr std::int64_t noon = 784'112'400LL * 1'000'000'000;  // Sun, 06 Nov 1994 09:00:00 GMT
    auto dated = answer(200);
    const auto clock = [&](Nanoseconds ahead) {
        return said(judge_clock(dated, noon + ahead.count(), 30s));
    };
    TEXT_CONTAINS("clock information: ", clock(0s));
    dated.date = "Sun, 06 Nov 1994 09:00:00 GMT";
    TEXT_EQUAL("clock ok: it agrees with the authority's", clock(0s));
    TEXT_CONTAINS(" ahead of the authority's", clock(60s));
    TEXT_CONTAINS(" behind the authority's", clock(-60s));
    dated.as_of = "784112400";
    TEXT_CONTAINS("clock failure: the answer is ", clock(60s));
}
