// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/probe/conformance.h"

#include <algorithm>
#include <array>
#include <utility>

namespace together {
namespace {

constexpr std::array<CheckText, number_of_checks> texts = {{
    {"answer",
     "an HTTP answer; over https with TLS 1.2 or newer and a certificate that this node trusts",
     "without an answer a node goes on with the roster that it has, until stale_for"},
    {"status", "200 to GET BASE_URL/projects/PROJECT/collaborators?limit=1000",
     "the one request that a node makes. Redirects are refused, because a token follows them; 401 "
     "and 403 mean that the token is bad, 404 that the project is not there, 5xx \"ask again\""},
    {"content_type", "Content-Type: application/json",
     "a login page or a proxy's error with status 200 must not pass for a roster"},
    {"json", "UTF-8 and strict JSON: no comments, no key twice, nothing behind the end",
     "what two programs read differently could let in whom the authority does not mean"},
    {"list",
     R"({"object": "list", "project_id": the project asked for, "revision": a whole number, )"
     R"("next_cursor": text or null, "data": [...]})",
     "another project's roster, or a list without its end, would let the wrong people in or out"},
    {"entries",
     R"(in each entry "object": "project.collaborator", "user_id" and "role": text, "login": text or )"
     R"(null, "uid": a whole number, null or absent, "external": true, false or absent)",
     "a roster is taken whole or not at all: one wrong entry refuses it"},
    {"not_empty", "at least one entry with a usable login",
     "an outage behind a proxy looks like an empty list: nodes do not believe one. Answer 5xx "
     "where "
     "you do not know"},
    {"admin", "at least one entry whose role is admin",
     "nodes believe such a roster with a warning: nobody could run what only an Admin may"},
    {"logins", "each login is [A-Za-z0-9_][A-Za-z0-9_.-]{0,31}, not only digits",
     "an entry without a usable login is left out: that person gets in nowhere"},
    {"roles", "each role is admin or member (also written editor or developer)",
     "a role of unknown name is denied everything"},
    {"uids", "each uid is null (the nodes have their own) or not below this node's [gate] min_uid",
     "a roster cannot admit system accounts: such an entry is denied"},
    {"unique", "no login and no uid stands in two entries",
     "a node cannot know who of them is meant, and denies both"},
    {"pages",
     "asked for smaller pages (limit=N), next_cursor leads through the same entries, each once",
     "a roster of more than one page is read so; a page that is lost loses people their access"},
    {"revision", "a revision, the same on every page and in two answers with the same entries",
     "with it a node notices a roster that changes between two pages, and refuses an older one"},
    {"etag", "an ETag of at most 250 bytes, the same for the same roster",
     "with it an unchanged roster costs no body, and a node can wait for a change"},
    {"not_modified", "304 to If-None-Match with the roster's ETag, compared weakly",
     "without it each round transfers the whole roster"},
    {"other_etag", "200 and the roster to If-None-Match with another ETag",
     "a 304 to everything keeps people in who were removed"},
    {"as_of",
     "Together-As-Of: when the list was read, in seconds since 1970; this node's clock agrees",
     "an answer older than fresh_for validates nothing; without the header a cache can pass off an "
     "old roster as news"},
    {"cache_control", "Cache-Control: no-store",
     "a shared cache would give the roster to whoever asks, and go on when the authority is gone"},
    {"request_id", "x-request-id on each answer",
     "it stands in the nodes' logs and in togetherctl status"},
    {"wait",
     "with If-None-Match, Prefer: wait=2 holds the request about 2 s, then 304 with "
     "Preference-Applied: wait=2",
     "a removal reaches a node with --watch within a second; without it, at its next poll. An "
     "answer "
     "at once that claims to have waited would be asked again at once, for ever"},
    {"node", "this node's own code takes the roster, within [roster] deadline",
     "the first login at a node without a roster waits no longer than that"},
    {"other_project", "403 or 404 to this token for the roster of another project",
     "one node's token must not read the rosters of all"},
    {"wrong_token", "401 to a token that was never given out",
     "who else may read the roster? A node takes 401 and 403 for \"my token is bad\", 404 for an "
     "error "
     "of yours"},
    {"no_token", "401 to a request without a token", "as above"},
    {"error_bodies",
     R"(refusals say why: application/json, {"error": {"message", "type", "param", "code"}})",
     "nodes decide by the status alone; people who look for the cause read the message"},
}};

constexpr std::array<std::string_view, number_of_results> result_names = {"pass", "note", "fail",
                                                                          "unknown", "skipped"};

}  // namespace

const CheckText& text_of(Check check) {
    return texts[static_cast<std::size_t>(check)];
}

std::string_view name_of(CheckResult result) {
    return result_names[static_cast<std::size_t>(result)];
}

ConformanceResult must_hold(Check check, bool holds, std::string got) {
    return {check, holds ? CheckResult::pass : CheckResult::fail, std::move(got)};
}

ConformanceResult should_hold(Check check, bool holds, std::string got) {
    return {check, holds ? CheckResult::pass : CheckResult::note, std::move(got)};
}

std::vector<ConformanceResult> all_checks(const std::vector<ConformanceResult>& made) {
    std::vector<ConformanceResult> all;
    for (std::size_t i = 0; i < number_of_checks; ++i) {
        const auto check = static_cast<Check>(i);
        const auto found = std::find_if(
            made.begin(), made.end(), [&](const ConformanceResult& f) { return f.check == check; });
        all.push_back(found != made.end()
                          ? *found
                          : ConformanceResult{check, CheckResult::skipped, "not tried"});
    }
    return all;
}

Conformance conformance_of(const std::vector<ConformanceResult>& all) {
    const auto any = [&](CheckResult result) {
        return std::any_of(all.begin(), all.end(),
                           [&](const ConformanceResult& f) { return f.result == result; });
    };
    if (any(CheckResult::fail)) return Conformance::does_not;
    if (any(CheckResult::unknown) || any(CheckResult::skipped)) return Conformance::cannot_tell;
    return Conformance::conforms;
}

}  // namespace together
