// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/probe/judge_answers.h"

#include <algorithm>

#include "common/system/duration.h"
#include "strict_json/strict_json.h"
#include "together_refresh/http/http_outcome.h"
#include "together_refresh/probe/conformance_words.h"

namespace together {
namespace {

using namespace std::chrono_literals;

constexpr auto clock_tolerance = 5s;

std::string on_status(const HttpAnswer& answer) {
    return " on the " + std::to_string(answer.status);
}

// Nothing where it is right.
std::optional<ConformanceResult> wrong_as_of(const HttpAnswer& answer, std::int64_t realtime,
                                             Nanoseconds fresh_for) {
    const std::string which = on_status(answer);
    const auto as_of = age_by_as_of(answer, realtime);
    if (!as_of)
        return ConformanceResult{Check::as_of, CheckResult::fail, as_of.error().message + which};
    if (!*as_of) return ConformanceResult{Check::as_of, CheckResult::note, "none" + which};
    const Nanoseconds age = **as_of;
    if (age > fresh_for)
        return ConformanceResult{
            Check::as_of, CheckResult::fail,
            format_age(age) + " ago" + which + ", fresh_for is " + format_duration(fresh_for)};
    if (age > clock_tolerance || age < -clock_tolerance)
        return ConformanceResult{
            Check::as_of, CheckResult::note,
            format_age(age < 0ns ? -age : age) + (age < 0ns ? " in the future" : " ago") + which};
    return std::nullopt;
}

bool has_error_body(const HttpAnswer& answer) {
    if (!is_json(answer)) return false;
    const auto root = parse_strict_json(answer.body, {max_values_of_a_page, 32});
    if (!root || !root->isObject() || !(*root)["error"].isObject()) return false;
    const auto& error = (*root)["error"];
    return error["message"].isString() && error["type"].isString() && error.isMember("param") &&
           error["code"].isString();
}

}  // namespace

ConformanceResult judge_first_answer(const ProbeAnswer& answer, bool encrypted) {
    const auto& http = answer.http;
    if (http.status != 0)
        return {Check::answer, CheckResult::pass,
                std::string(encrypted ? "over TLS" : "plain http, on a loopback address") +
                    ", in " + milliseconds(answer.took)};
    const bool away = http.connection_failed || http.timed_out;
    return {Check::answer, away ? CheckResult::unknown : CheckResult::fail, http.error};
}

ConformanceResult judge_status(const HttpAnswer& answer) {
    const auto outcome = outcome_of(answer);
    if (outcome == HttpOutcome::page) return {Check::status, CheckResult::pass, brief(answer)};
    const bool says_nothing = outcome == HttpOutcome::token_refused ||
                              outcome == HttpOutcome::try_again || answer.status == 404;
    return {Check::status, says_nothing ? CheckResult::unknown : CheckResult::fail,
            describe(answer)};
}

JudgedPage judge_page(const HttpAnswer& answer, const std::string& project) {
    JudgedPage judged;
    const auto must = [&](Check check, bool holds, std::string got) {
        judged.findings.push_back(must_hold(check, holds, std::move(got)));
        return holds;
    };
    if (!must(Check::content_type, is_json(answer),
              answer.content_type.empty() ? "none" : answer.content_type))
        return judged;
    auto page = parse_roster_page(answer.body, project);
    using Part = PageRefusal::Part;
    const std::pair<Check, Part> parts[] = {
        {Check::json, Part::syntax}, {Check::list, Part::list}, {Check::entries, Part::entries}};
    for (const auto& [check, part] : parts) {
        if (!page && page.error().part == part) {
            must(check, false, page.error().message);
            return judged;
        }
        must(check, true,
             part == Part::entries ? count(page ? page->entries.size() + page->left_out.size() : 0,
                                           "on the first page")
                                   : "as expected");
    }
    if (page) judged.page = *std::move(page);
    return judged;
}

ConformanceResult judge_cache_control(const HttpAnswer& answer) {
    const auto& control = answer.cache_control;
    return should_hold(Check::cache_control, control.find("no-store") != control.npos,
                       control.empty() ? "none" : control);
}

ConformanceResult judge_as_of(const std::vector<const HttpAnswer*>& answers, std::int64_t realtime,
                              Nanoseconds fresh_for) {
    for (const auto* answer : answers) {
        if (answer->status == 0) continue;
        if (auto wrong = wrong_as_of(*answer, realtime, fresh_for)) return *std::move(wrong);
    }
    return {Check::as_of, CheckResult::pass, "this node's clock agrees"};
}

ConformanceResult judge_not_modified(const HttpAnswer& answer, const std::string& etag) {
    if (answer.status == 200)
        return {Check::not_modified, CheckResult::note, brief(answer) + ": the roster once more"};
    const bool other = !answer.etag.empty() && !same_etag(answer.etag, etag);
    return must_hold(Check::not_modified, answer.status == 304 && !other,
                     brief(answer) + (other ? ", with another ETag: " + answer.etag : ""));
}

ConformanceResult judge_other_etag(const HttpAnswer& answer) {
    return must_hold(Check::other_etag, answer.status == 200, brief(answer));
}

ConformanceResult judge_wait(const ProbeAnswer& answer, Nanoseconds asked, Nanoseconds deadline) {
    const auto& http = answer.http;
    const bool applied = http.preference_applied.find("wait") != std::string::npos;
    const std::string got =
        brief(http) + " after " + milliseconds(answer.took) +
        (applied ? ", Preference-Applied: " + http.preference_applied : ", no Preference-Applied");
    const bool at_once = answer.took < asked / 2;
    const bool bad = http.status == 0 || answer.took > asked + deadline ||
                     (http.status != 304 && http.status != 200) ||
                     (applied && at_once && http.status == 304);
    if (bad) return {Check::wait, CheckResult::fail, got};
    const bool waited = applied && http.status == 304;
    return {Check::wait, waited ? CheckResult::pass : CheckResult::note, got};
}

ConformanceResult judge_refusal(Check check, const HttpAnswer& answer,
                                std::initializer_list<long> right) {
    return must_hold(check, std::find(right.begin(), right.end(), answer.status) != right.end(),
                     brief(answer));
}

ConformanceResult judge_error_bodies(const std::vector<HttpAnswer>& refusals) {
    std::string without;
    for (const auto& answer : refusals)
        if (answer.status >= 400 && !has_error_body(answer))
            without += (without.empty() ? "" : ", ") + std::to_string(answer.status);
    return should_hold(Check::error_bodies, without.empty(),
                       without.empty() ? "as expected" : "another body on: " + without);
}

ConformanceResult judge_request_ids(int missing) {
    return should_hold(Check::request_id, missing == 0,
                       missing == 0 ? "on each" : "not on " + std::to_string(missing) + " answers");
}

}  // namespace together
