// SPDX-License-Identifier: Apache-2.0
// What api-check says of a roster that was read, without an authority to read it from.
#include <CppUTest/TestHarness.h>

#include <cstdint>

#include "tests/unit/support/texts.h"
#include "together_refresh/probe/judge_roster.h"

using namespace together;
using namespace std::chrono_literals;

namespace {

RosterEntry entry(const std::string& login, uid_t uid, const std::string& role = "member") {
    RosterEntry result;
    result.login = login;
    result.user_id = "user_" + login;
    result.role = role;
    result.uid = uid;
    result.uid_source = UidSource::authority;
    return result;
}

ReadRoster roster(std::vector<RosterEntry> entries, std::int64_t revision = 7) {
    ReadRoster result;
    result.entries = std::move(entries);
    result.revision = revision;
    result.etag = "\"r7\"";
    result.pages = 1;
    result.max_page = result.entries.size();
    return result;
}

ReadRoster a_roster() {
    return roster({entry("alice", 10001, "admin"), entry("bob", 10002)});
}

RosterPage first_page_of(const ReadRoster& whole) {
    return {whole.entries, whole.left_out, whole.revision, {}};
}

std::string said(const ConformanceResult& finding) {
    return std::string(text_of(finding.check).name) + " " + std::string(name_of(finding.result)) +
           ": " + finding.got;
}

std::string people(const ReadRoster& judged) {
    std::string all;
    for (const auto& finding : judge_people(judged, 1000)) all += said(finding) + "\n";
    return all;
}

std::string etags(const std::string& first, const std::string& second, bool changed = false) {
    ReadRoster judged = a_roster();
    judged.etag = second;
    const auto findings = judge_etag(first, judged, changed);
    return (findings.size() == 1 ? "" : std::to_string(findings.size()) + " ") +
           said(findings.front());
}

}  // namespace

TEST_GROUP(refresh_judge_roster){};

TEST(refresh_judge_roster, a_good_one_passes) {
    TEXT_EQUAL(
        "not_empty pass: 2 collaborators\nadmin pass: 1 of them are admin\nlogins pass: all "
        "usable\nroles pass: all known\nuids pass: 2 uids, none too low\nunique pass: each once\n",
        people(a_roster()));
}

TEST(refresh_judge_roster, nobody_is_no_roster) {
    TEXT_CONTAINS("not_empty fail: ", people(roster({})));
    ReadRoster nobody_usable = roster({});
    nobody_usable.left_out = {"user_1"};
    TEXT_CONTAINS("not_empty fail: ", people(nobody_usable));
    TEXT_CONTAINS("logins note: none that is usable: user_1\n", people(nobody_usable));
}

TEST(refresh_judge_roster, says_whose_role_and_uid_are_odd) {
    const auto said = people(roster({entry("bob", 999), entry("carol", 10001, "amdin")}));
    TEXT_CONTAINS("admin note: 0 of them are admin\n", said);
    TEXT_CONTAINS("roles fail: unknown: amdin\n", said);
    TEXT_CONTAINS("uids note: below 1000: bob\n", said);
}

TEST(refresh_judge_roster, says_what_stands_twice) {
    const auto said =
        people(roster({entry("bob", 10001), entry("carol", 10001), entry("bob", 10002)}));
    TEXT_CONTAINS("unique fail: more than once: bob, uid 10001\n", said);
}

TEST(refresh_judge_roster, uids_that_are_the_nodes_count_for_nothing) {
    auto without = a_roster();
    for (auto& one : without.entries) {
        one.uid_source = UidSource::none;
        one.uid = 0;
    }
    TEXT_CONTAINS("uids pass: 0 uids, none too low\nunique pass: each once\n", people(without));
}

TEST(refresh_judge_roster, lists_a_few_and_how_many_there_are) {
    ReadRoster many = a_roster();
    for (char c = 'a'; c < 'h'; ++c) many.left_out.emplace_back(1, c);
    TEXT_CONTAINS("logins note: none that is usable: a, b, c, d, e, ... (7 in all)\n",
                  people(many));
}

TEST(refresh_judge_roster, pages_have_the_same_people_in_any_order) {
    const auto whole = a_roster();
    auto pages = roster({whole.entries[1], whole.entries[0]});
    pages.pages = 2;
    pages.max_page = 1;
    TEXT_EQUAL("pages pass: 2 entries on 2 pages with limit=1", said(judge_pages(pages, whole, 1)));
    pages.max_page = 2;
    TEXT_CONTAINS("pages pass: 2 entries on 2 pages with limit=1 (limit is not heeded",
                  said(judge_pages(pages, whole, 1)));
    pages.entries.pop_back();
    TEXT_EQUAL("pages fail: 1 entries on 2 pages with limit=1, but 2 with limit=1000, or others",
               said(judge_pages(pages, whole, 1)));
    pages.revision = 8;
    TEXT_EQUAL("pages unknown: the roster changed meanwhile: try again",
               said(judge_pages(pages, whole, 1)));
}

TEST(refresh_judge_roster, a_revision_stays_while_nobody_changes) {
    const auto first = first_page_of(a_roster());
    const auto after = [&](const ReadRoster& later) { return said(judge_revision(first, later)); };
    TEXT_EQUAL("revision pass: 7", after(a_roster()));
    TEXT_EQUAL("revision fail: 7, then 8", after(roster(a_roster().entries, 8)));
    const std::vector<RosterEntry> others = {entry("carol", 10003)};
    TEXT_EQUAL("revision pass: 7, then 8; the roster changed meanwhile", after(roster(others, 8)));
    TEXT_EQUAL("revision fail: 7; the roster changed meanwhile", after(roster(others, 7)));
    TEXT_EQUAL("revision fail: 7, then 6; the roster changed meanwhile", after(roster(others, 6)));
}

TEST(refresh_judge_roster, a_revision_stands_in_each_answer_or_in_none) {
    auto first = first_page_of(a_roster());
    auto later = a_roster();
    later.revision.reset();
    TEXT_EQUAL("revision fail: in one answer, but not in another",
               said(judge_revision(first, later)));
    first.revision.reset();
    TEXT_EQUAL("revision note: none", said(judge_revision(first, later)));
}

TEST(refresh_judge_roster, an_etag_stays_while_nobody_changes) {
    TEXT_EQUAL("etag pass: \"r7\"", etags("\"r7\"", "\"r7\""));
    TEXT_EQUAL("etag pass: \"r7\"", etags("W/\"r7\"", "\"r7\""));
    TEXT_EQUAL("etag fail: \"r7\", after \"r6\"", etags("\"r6\"", "\"r7\""));
    TEXT_EQUAL("etag fail: \"r7\", after none", etags("", "\"r7\""));
    TEXT_EQUAL("etag pass: \"r7\"", etags("\"r6\"", "\"r7\"", true));
    const std::string long_one = '"' + std::string(260, 'x') + '"';
    TEXT_EQUAL("etag note: 262 bytes", etags(long_one, long_one));
    TEXT_EQUAL("etag fail: 262 bytes, after \"r7\"", etags("\"r7\"", long_one));
}

TEST(refresh_judge_roster, without_an_etag_nothing_can_be_asked_with_one) {
    TEXT_EQUAL("4 etag note: none", etags("\"r7\"", ""));
}

TEST(refresh_judge_roster, the_nodes_own_fetch_is_in_time) {
    NodeFetch fetch;
    fetch.summary.outcome = FetchOutcome::complete;
    fetch.entries = 2;
    fetch.took = 12ms;
    auto whole = a_roster();
    whole.bytes = 300;
    const auto judged = [&] { return said(judge_node(fetch, whole, Config{})); };
    TEXT_EQUAL("node pass: 2 entries, 1 pages, 300 bytes in 12 ms", judged());
    fetch.summary.message = "the roster has no admin";
    TEXT_EQUAL("node pass: 2 entries, 1 pages, 300 bytes in 12 ms; the roster has no admin",
               judged());
    fetch.took = 3s;
    TEXT_CONTAINS("node note: ", judged());
    TEXT_CONTAINS(", and a login waits no longer than 3s", judged());
    fetch.summary = failed_fetch(FetchOutcome::no_answer, "no answer");
    TEXT_EQUAL("node fail: no answer", judged());
}
