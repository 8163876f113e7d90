// SPDX-License-Identifier: Apache-2.0
// The people's command: names, receipts, and what an answer means. tests/system/together has the
// rest.
#include <CppUTest/TestHarness.h>

#include <array>
#include <cstdint>

#include "common/system/clock.h"
#include "tests/unit/support/texts.h"
#include "together_cli/account/credentials.h"
#include "together_cli/account/token_source.h"
#include "together_cli/api/authority.h"
#include "together_cli/api/names.h"
#include "together_cli/api/receipt.h"
#include "together_cli/api/trouble.h"
#include "together_cli/commands/access_changes.h"

using namespace together;
using namespace together::cli;

namespace {

constexpr std::array<const char*, 3> fields = {"id", "login", "name"};

Json::Value person(const char* id, const char* login, const char* name) {
    Json::Value value;
    value["id"] = id;
    value["login"] = login;
    value["name"] = name;
    return value;
}

Json::Value people() {
    Json::Value list(Json::arrayValue);
    list.append(person("user_1", "ann", "Smith"));
    list.append(person("user_2", "bob", "smith"));
    list.append(person("user_3", "user_1", "ann"));
    return list;
}

std::string found(const std::string& text) {
    const auto one = one_named(people(), fields, text, "member");
    return one ? text_in(*one, "id") : one.error().message;
}

Receipt receipt(std::uint64_t confirmed, std::uint64_t waiting) {
    Receipt value;
    value.confirmed = confirmed;
    value.waiting = waiting;
    value.after = std::chrono::milliseconds(849);
    return value;
}

Json::Value node(const char* name, std::int64_t seconds_ago) {
    Json::Value value;
    value["name"] = name;
    value["last_seen"] = Json::Int64{SystemClock().now().realtime / 1'000'000'000 - seconds_ago};
    return value;
}

Trouble of(long status, const std::string& body, bool is_change = false) {
    HttpAnswer answer;
    answer.status = status;
    answer.body = body;
    answer.content_type = "application/json";
    return trouble_of(answer, "http://x/v1", is_change);
}

}  // namespace

TEST_GROUP(together_cli){};

TEST(together_cli, an_id_is_taken_before_a_login_and_a_login_before_a_name) {
    TEXT_EQUAL("user_1", found("user_1"));
    TEXT_EQUAL("user_1", found("ANN"));
    TEXT_EQUAL("user_2", found("bob"));
}

TEST(together_cli, a_name_of_several_or_of_none_is_told_with_those_that_there_are) {
    TEXT_EQUAL("more than one member is called \"SMITH\": name its id, one of user_1, user_2",
               found("SMITH"));
    TEXT_EQUAL("no member is called \"dora\"; there are: ann, bob, user_1", found("dora"));
    TEXT_CONTAINS("there is none", one_named(Json::arrayValue, fields, "x", "key").error().message);
    TEXT_CONTAINS("\"\\x1b[1m\"", found("\x1b[1m"));
}

TEST(together_cli, a_receipt_in_words) {
    TEXT_EQUAL("no node has reported itself yet", text_of(receipt(0, 0)));
    TEXT_EQUAL("1 of 1 node after 0.8 s", text_of(receipt(1, 0)));
    auto some = receipt(9998, 2);
    some.not_yet.append(node("node17", 181));
    some.not_yet.append(node("gpu3", 2));
    TEXT_EQUAL(
        "9,998 of 10,000 nodes after 0.8 s; not yet: node17, silent for 3m; gpu3, seen 2s ago",
        text_of(some));
    auto many = receipt(0, 1'234'567);
    for (int i = 0; i < 6; ++i) many.not_yet.append(node("n", 7200));
    TEXT_CONTAINS("0 of 1,234,567 nodes", text_of(many));
    TEXT_CONTAINS("; and 1,234,562 more (together nodes)", text_of(many));
    auto observing = receipt(3, 0);
    observing.observing = 1;
    TEXT_EQUAL("3 of 3 nodes after 0.8 s; 1 only observes and refuses nobody (together nodes)",
               text_of(observing));
    auto unknown = receipt(1, 0);
    unknown.trouble = "gone.";
    TEXT_EQUAL("which nodes have it is not known: gone.", text_of(unknown));
    CHECK_FALSE(unknown.is_complete() || some.is_complete());
    CHECK_TRUE(receipt(1, 0).is_complete());
}

TEST(together_cli, each_kind_of_answer_has_its_status) {
    const std::string body =
        R"({"error": {"message": "So it is", "code": "c", "ask": ["ann", "bob"]}})";
    LONGS_EQUAL(exit_refused, of(403, body).status);
    TEXT_EQUAL("So it is. Ask: ann, bob.", of(403, body).message);
    LONGS_EQUAL(exit_unknown, of(404, body).status);
    LONGS_EQUAL(exit_conflict, of(409, body).status);
    LONGS_EQUAL(exit_conflict, of(400, body).status);
    LONGS_EQUAL(exit_token, of(401, body).status);
    LONGS_EQUAL(exit_unreachable, of(503, body).status);
    LONGS_EQUAL(exit_unreachable, of(404, "<h1>").status);
    LONGS_EQUAL(exit_unreachable, of(0, "").status);
    TEXT_CONTAINS("Look whether the change was made", of(0, "", true).message);
}

TEST(together_cli, the_url_of_an_authority) {
    TEXT_EQUAL("https://roles.example.com/v1", *parse_authority_url("https://roles.example.com/"));
    TEXT_EQUAL("https://example.com/roles/v1",
               *parse_authority_url("https://example.com/roles/v1"));
    TEXT_EQUAL("http://[::1]:8480/v1", *parse_authority_url("http://[::1]:8480"));
    for (const std::string text :
         {"", "roles", "http://roles.example.com", "file:///etc/roster.json"})
        CHECK_FALSE(parse_authority_url(text).has_value());
}

TEST(together_cli, a_token_is_one_word_and_a_path_is_escaped) {
    CHECK_TRUE(is_token("tgu_1"));
    for (const std::string text : {"", "a b", "a\n", "\xc3\xa4"}) CHECK_FALSE(is_token(text));
    TEXT_EQUAL("a-b_c.d~%2f%3f%23%c3%a4", escaped("a-b_c.d~/?#\xc3\xa4"));
}

namespace {

Json::Value period(const char* user, const char* role, int since, int ended_at = 0) {
    Json::Value value;
    value["user_id"] = user;
    value["login"] = user;
    value["role"] = role;
    value["since"] = since;
    value["granted_by"] = "user_ann";
    value["ended_at"] = ended_at == 0 ? Json::Value() : Json::Value(ended_at);
    value["ended_by"] = ended_at == 0 ? Json::Value() : Json::Value("user_eve");
    return value;
}

// "login: change, then>now, time by" of each.
std::string changes(std::initializer_list<Json::Value> periods) {
    Json::Value list(Json::arrayValue);
    for (const auto& one : periods) list.append(one);
    std::string text;
    for (const auto& one : access_changes(list, 100))
        text += one["login"].asString() + ": " + one["change"].asString() + ", " +
                one["role_then"].asString() + ">" + one["role_now"].asString() + ", " +
                one["time"].asString() + " " + one["by"].asString() + "\n";
    return text;
}

}  // namespace

TEST_GROUP(AccessChanges){};

TEST(AccessChanges, who_has_what_they_had_is_left_out) {
    STRCMP_EQUAL("", changes({period("bob", "member", 100)}).c_str());
    STRCMP_EQUAL("", changes({}).c_str());
}

TEST(AccessChanges, each_kind) {
    STRCMP_EQUAL("bob: added, >member, 101 user_ann\n",
                 changes({period("bob", "member", 101)}).c_str());
    STRCMP_EQUAL("bob: removed, member>, 150 user_eve\n",
                 changes({period("bob", "member", 100, 150)}).c_str());
    STRCMP_EQUAL("bob: came_and_went, >, 150 user_eve\n",
                 changes({period("bob", "member", 101, 150)}).c_str());
    STRCMP_EQUAL("bob: changed, member>admin, 150 user_ann\n",
                 changes({period("bob", "member", 90, 150), period("bob", "admin", 150)}).c_str());
}

TEST(AccessChanges, who_was_away_in_between_is_told) {
    STRCMP_EQUAL("bob: changed, member>member, 160 user_ann\n",
                 changes({period("bob", "member", 90, 150), period("bob", "member", 160)}).c_str());
}

TEST(AccessChanges, people_are_told_apart) {
    STRCMP_EQUAL("bob: removed, member>, 150 user_eve\ncarol: added, >member, 120 user_ann\n",
                 changes({period("alice", "admin", 50), period("bob", "member", 90, 150),
                          period("carol", "member", 120)})
                     .c_str());
}
