// SPDX-License-Identifier: Apache-2.0
// What api-check says of an answer that came, without an authority to send it.
#include <CppUTest/TestHarness.h>

#include <cstdint>

#include "tests/unit/support/roster_pages.h"
#include "tests/unit/support/texts.h"
#include "together_refresh/probe/judge_answers.h"

using namespace together;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t second = 1'000'000'000;

HttpAnswer answer(long status, const std::string& body = "") {
    HttpAnswer result;
    result.status = status;
    result.content_type = "application/json";
    result.body = body;
    return result;
}

std::string said(const ConformanceResult& finding) {
    return std::string(text_of(finding.check).name) + " " + std::string(name_of(finding.result)) +
           ": " + finding.got;
}

std::string page(const HttpAnswer& judged) {
    const auto [findings, page] = judge_page(judged, "proj_123");
    std::string all = page ? "taken" : "refused";
    for (const auto& finding : findings) all += "; " + said(finding);
    return all;
}

std::string as_of(const std::string& first, const std::string& second_one) {
    auto one = answer(200);
    auto other = answer(304);
    one.as_of = first;
    other.as_of = second_one;
    return said(judge_as_of({&one, &other}, 1000 * second, 30s));
}

std::string waited(long status, Nanoseconds took, const std::string& applied = "wait=2") {
    ProbeAnswer judged{answer(status), took};
    judged.http.preference_applied = applied;
    return said(judge_wait(judged, 2s, 3s)).substr(0, 10);
}

}  // namespace

TEST_GROUP(refresh_judge_answers){};

TEST(refresh_judge_answers, no_answer_is_a_fault_or_an_outage) {
    TEXT_EQUAL("answer pass: over TLS, in 5 ms",
               said(judge_first_answer({answer(500), 5ms}, true)));
    TEXT_EQUAL("answer pass: plain http, on a loopback address, in 1 ms",
               said(judge_first_answer({answer(200), 1us}, false)));
    auto none = answer(0);
    none.error = "certificate expired";
    TEXT_EQUAL("answer fail: certificate expired", said(judge_first_answer({none, 5ms}, true)));
    none.connection_failed = true;
    TEXT_EQUAL("answer unknown: certificate expired", said(judge_first_answer({none, 5ms}, true)));
}

TEST(refresh_judge_answers, a_status_is_a_roster_a_doubt_or_a_fault) {
    auto good = answer(200);
    good.request_id = "req_1";
    TEXT_EQUAL("status pass: 200 (request id req_1)", said(judge_status(good)));
    for (const long status : {401, 403, 404, 429, 500, 503})
        TEXT_CONTAINS("status unknown: ", said(judge_status(answer(status))));
    for (const long status : {201, 204, 301, 400, 418})
        TEXT_CONTAINS("status fail: ", said(judge_status(answer(status))));
}

TEST(refresh_judge_answers, a_page_is_judged_up_to_its_first_fault) {
    TEXT_EQUAL(
        "taken; content_type pass: application/json; json pass: as expected; list pass: as "
        "expected; entries pass: 1 on the first page",
        page(answer(200, json_object(valid_page()))));
    TEXT_CONTAINS("refused; content_type pass: application/json; json fail: ",
                  page(answer(200, "{")));
    TEXT_CONTAINS("; json pass: as expected; list fail: ",
                  page(answer(200, json_object(without(valid_page(), "data")))));
    TEXT_CONTAINS("; list pass: as expected; entries fail: ",
                  page(answer(200, page_with_entry(without(valid_entry(), "role")))));
    auto html = answer(200, json_object(valid_page()));
    html.content_type = "text/html";
    TEXT_EQUAL("refused; content_type fail: text/html", page(html));
    html.content_type = "";
    TEXT_EQUAL("refused; content_type fail: none", page(html));
}

TEST(refresh_judge_answers, the_clocks_agree_on_each_answer) {
    TEXT_EQUAL("as_of pass: this node's clock agrees", as_of("1000", "996"));
    TEXT_EQUAL("as_of note: none on the 200", as_of("", "1000"));
    TEXT_EQUAL("as_of note: none on the 304", as_of("1000", ""));
    TEXT_CONTAINS("as_of note: ", as_of("1010", "1000"));
    TEXT_CONTAINS(" in the future on the 200", as_of("1010", "1000"));
    TEXT_CONTAINS(" ago on the 304", as_of("1000", "990"));
    TEXT_CONTAINS("as_of fail: ", as_of("960", "1000"));
    TEXT_CONTAINS(" ago on the 200, fresh_for is 30s", as_of("960", "1000"));
    TEXT_CONTAINS("as_of fail: ", as_of("yesterday", "1000"));
}

TEST(refresh_judge_answers, an_answer_that_was_not_asked_for_has_no_time) {
    auto one = answer(200);
    one.as_of = "1000";
    const HttpAnswer none;
    TEXT_EQUAL("as_of pass: this node's clock agrees",
               said(judge_as_of({&one, &none}, 1000 * second, 30s)));
}

TEST(refresh_judge_answers, not_modified_is_a_304_for_that_etag) {
    auto same = answer(304);
    TEXT_EQUAL("not_modified pass: 304", said(judge_not_modified(same, "\"r7\"")));
    same.etag = "W/\"r7\"";
    TEXT_EQUAL("not_modified pass: 304", said(judge_not_modified(same, "\"r7\"")));
    same.etag = "\"r8\"";
    TEXT_EQUAL("not_modified fail: 304, with another ETag: \"r8\"",
               said(judge_not_modified(same, "\"r7\"")));
    TEXT_EQUAL("not_modified note: 200: the roster once more",
               said(judge_not_modified(answer(200), "\"r7\"")));
    TEXT_EQUAL("not_modified fail: 412", said(judge_not_modified(answer(412), "\"r7\"")));
    TEXT_EQUAL("other_etag pass: 200", said(judge_other_etag(answer(200))));
    TEXT_EQUAL("other_etag fail: 304", said(judge_other_etag(answer(304))));
}

TEST(refresh_judge_answers, a_long_poll_waits_as_long_as_it_says) {
    TEXT_EQUAL("wait pass:", waited(304, 2s));
    TEXT_EQUAL("wait note:", waited(304, 5ms, ""));
    TEXT_EQUAL("wait note:", waited(200, 1s));
    TEXT_EQUAL("wait fail:", waited(304, 5ms));
    TEXT_EQUAL("wait fail:", waited(304, 6s));
    TEXT_EQUAL("wait fail:", waited(503, 2s));
    TEXT_EQUAL("wait fail:", waited(0, 2s));
}

TEST(refresh_judge_answers, refusals_have_their_status_and_say_why) {
    TEXT_EQUAL("no_token pass: 401", said(judge_refusal(Check::no_token, answer(401), {401})));
    TEXT_EQUAL("other_project fail: 200",
               said(judge_refusal(Check::other_project, answer(200), {403, 404})));
    const std::string body =
        R"({"error": {"message": "m", "type": "t", "param": null, "code": "c"}})";
    TEXT_EQUAL("error_bodies pass: as expected",
               said(judge_error_bodies({answer(401, body), answer(200), answer(0)})));
    TEXT_EQUAL("error_bodies note: another body on: 401, 403",
               said(judge_error_bodies(
                   {answer(401, "denied"), answer(403, R"({"error": "no"})"), answer(404, body)})));
}

TEST(refresh_judge_answers, headers_are_on_each_answer) {
    auto cached = answer(200);
    TEXT_EQUAL("cache_control note: none", said(judge_cache_control(cached)));
    cached.cache_control = "private, no-store";
    TEXT_EQUAL("cache_control pass: private, no-store", said(judge_cache_control(cached)));
    TEXT_EQUAL("request_id pass: on each", said(judge_request_ids(0)));
    TEXT_EQUAL("request_id note: not on 3 answers", said(judge_request_ids(3)));
}
