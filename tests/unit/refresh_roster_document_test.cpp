// SPDX-License-Identifier: Apache-2.0
// A page of a roster: taken whole or not at all. Fields, types, constants, numbers.
#include <CppUTest/TestHarness.h>

#include <algorithm>
#include <map>

#include "tests/unit/support/roster_pages.h"
#include "tests/unit/support/texts.h"
#include "together_refresh/source/roster_document.h"

using namespace together;

namespace {

// What is wrong with it; empty where it is taken.
std::string refusal(const std::string& json) {
    const auto page = parse_roster_page(json, "proj_123");
    return page ? std::string() : page.error().message;
}

RosterPage taken(const std::string& json) {
    auto page = parse_roster_page(json, "proj_123");
    if (!page) FAIL(page.error().message.c_str());
    return *std::move(page);
}

std::string refusal_of_entry(const std::string& field, const std::string& value) {
    return refusal(page_with_entry(with(valid_entry(), field, value)));
}

RosterPage with_login(const std::string& login) {
    return taken(page_with_entry(with(valid_entry(), "login", login)));
}

RosterEntry entry_with(const std::string& field, const std::string& value) {
    const auto page = taken(page_with_entry(with(valid_entry(), field, value)));
    LONGS_EQUAL(1, page.entries.size());
    return page.entries.at(0);
}

}  // namespace

TEST_GROUP(refresh_roster_document){};

TEST(refresh_roster_document, a_valid_page_is_taken) {
    const auto page = taken(json_object(valid_page()));
    LONGS_EQUAL(1, page.entries.size());
    const auto& entry = page.entries[0];
    TEXT_EQUAL("alice", entry.login);
    TEXT_EQUAL("user_1", entry.user_id);
    TEXT_EQUAL("admin", entry.role);
    LONGS_EQUAL(10001, entry.uid);
    CHECK_TRUE(entry.uid_source == UidSource::authority);
    CHECK_FALSE(entry.external);
    LONGS_EQUAL(7, *page.revision);
    CHECK_TRUE(page.next_cursor.empty() && page.left_out.empty());
    CHECK_TRUE(entry_with("external", "true").external);
    TEXT_EQUAL("abc",
               taken(json_object(with(valid_page(), "next_cursor", R"("abc")"))).next_cursor);
}

TEST(refresh_roster_document, each_field_of_a_page_is_required_but_the_revision) {
    for (const auto& [name, value] : valid_page()) {
        const auto problem = refusal(json_object(without(valid_page(), name)));
        if (name == "revision")
            TEXT_EQUAL("", problem);
        else
            TEXT_EQUAL("the roster is refused: " + name + " is missing", problem);
    }
    CHECK_FALSE(taken(json_object(without(valid_page(), "revision"))).revision.has_value());
}

TEST(refresh_roster_document, each_field_of_an_entry_is_required_but_uid_and_external) {
    for (const auto& [name, value] : valid_entry()) {
        const auto problem = refusal(page_with_entry(without(valid_entry(), name)));
        if (name == "uid" || name == "external")
            TEXT_EQUAL("", problem);
        else
            TEXT_EQUAL("the roster is refused: data[0]." + name + " is missing", problem);
    }
    const auto page = taken(page_with_entry(without(without(valid_entry(), "uid"), "external")));
    CHECK_TRUE(page.entries.at(0).uid_source == UidSource::none);
    CHECK_FALSE(page.entries.at(0).external);
}

TEST(refresh_roster_document, each_field_of_a_page_has_its_type) {
    const std::map<std::string, std::vector<std::string>> right = {
        {"object", {}},
        {"project_id", {}},
        {"revision", {"number"}},
        {"next_cursor", {"null", "string"}},
        {"data", {"array"}}};
    for (const auto& [name, types] : right)
        for (const auto& [type, value] : json_values()) {
            const bool fits = std::find(types.begin(), types.end(), type) != types.end();
            const auto problem = refusal(json_object(with(valid_page(), name, value)));
            if (fits)
                TEXT_EQUAL("", problem);
            else
                TEXT_CONTAINS("refused: " + name + " is n", problem);
        }
}

TEST(refresh_roster_document, each_field_of_an_entry_has_its_type) {
    const std::map<std::string, std::vector<std::string>> right = {{"object", {}},
                                                                   {"user_id", {"string"}},
                                                                   {"login", {"null", "string"}},
                                                                   {"uid", {"null", "number"}},
                                                                   {"role", {"string"}},
                                                                   {"external", {"false", "true"}}};
    for (const auto& [name, types] : right)
        for (const auto& [type, value] : json_values()) {
            const bool fits = std::find(types.begin(), types.end(), type) != types.end();
            const auto problem = refusal_of_entry(name, value);
            if (fits)
                TEXT_EQUAL("", problem);
            else
                TEXT_CONTAINS("refused: data[0]." + name + " is n", problem);
        }
}

TEST(refresh_roster_document, the_whole_is_an_object_and_so_is_each_entry) {
    for (const auto& [type, value] : json_values()) {
        if (type == "object") continue;
        CHECK_FALSE(refusal(value).empty());
        TEXT_CONTAINS(
            "data[1] is not an object",
            refusal(page_with_data("[" + json_object(valid_entry()) + "," + value + "]")));
    }
    CHECK_FALSE(refusal("").empty());
    CHECK_FALSE(refusal(" \n").empty());
}

TEST(refresh_roster_document, constants_are_compared_exactly) {
    for (const auto* value : {R"("List")", R"("list ")", R"("")", R"("list\u0000")", R"("lis")"})
        TEXT_CONTAINS("object is not \"list\"",
                      refusal(json_object(with(valid_page(), "object", value))));
    TEXT_CONTAINS("data[0].object is not", refusal_of_entry("object", R"("collaborator")"));
    for (const auto* project : {R"("proj_1234")", R"("PROJ_123")", R"("proj_123\u0000")", R"("")"})
        TEXT_CONTAINS("project_id is not \"proj_123\"",
                      refusal(json_object(with(valid_page(), "project_id", project))));
}

TEST(refresh_roster_document, one_bad_entry_refuses_all_the_others) {
    const auto good = json_object(valid_entry());
    const auto bad = json_object(with(valid_entry(), "role", "null"));
    TEXT_CONTAINS("data[2].role",
                  refusal(page_with_data("[" + good + "," + good + "," + bad + "]")));
}

TEST(refresh_roster_document, a_uid_is_a_whole_number_that_a_uid_can_be) {
    LONGS_EQUAL(0, entry_with("uid", "0").uid);
    UNSIGNED_LONGS_EQUAL(4294967294U, entry_with("uid", "4294967294").uid);
    for (const auto* value :
         {"4294967295", "4294967296", "-1", "-4294967295", "1.0", "0.0", "1e3", "1E0", "10001.5",
          "18446744073709551615", "18446744073709551616", "-9223372036854775809",
          "99999999999999999999999999999999", "true", R"("10001")"})
        TEXT_CONTAINS("refused: data[0].uid is not a whole number from 0 to 4294967294",
                      refusal_of_entry("uid", value));
    for (const auto* value : {"NaN", "Infinity", "-Infinity", "+1", "0x10", ".5", "-"})
        CHECK_FALSE(refusal_of_entry("uid", value).empty());
    const auto unknown = entry_with("uid", "null");
    CHECK_TRUE(unknown.uid_source == UidSource::none);
    LONGS_EQUAL(0, unknown.uid);
}

TEST(refresh_roster_document, a_revision_is_a_number_that_can_grow) {
    const auto revision = [](const std::string& value) {
        return taken(json_object(with(valid_page(), "revision", value))).revision;
    };
    LONGLONGS_EQUAL(0, *revision("0"));
    LONGLONGS_EQUAL(INT64_MAX, *revision("9223372036854775807"));
    for (const auto* value : {"-1", "9223372036854775808", "18446744073709551616", "1.0", "1e2",
                              "null", R"("7")", "[7]"})
        TEXT_CONTAINS("refused: revision is not a whole number from 0 to 9223372036854775807",
                      refusal(json_object(with(valid_page(), "revision", value))));
}

TEST(refresh_roster_document, texts_have_bounds) {
    const auto quoted = [](std::size_t length) { return '"' + std::string(length, 'x') + '"'; };
    LONGS_EQUAL(max_user_id, entry_with("user_id", quoted(max_user_id)).user_id.size());
    LONGS_EQUAL(max_role, entry_with("role", quoted(max_role)).role.size());
    for (const auto& value : {quoted(0), quoted(max_user_id + 1), std::string(R"("a\nb")"),
                              std::string(R"("a\u0000b")"), std::string(R"("\u007f")")})
        TEXT_CONTAINS("data[0].user_id is empty, too long", refusal_of_entry("user_id", value));
    for (const auto& value : {quoted(0), quoted(max_role + 1), std::string(R"("\u001b[2J")")})
        TEXT_CONTAINS("data[0].role is empty, too long", refusal_of_entry("role", value));
    TEXT_EQUAL("no such role", entry_with("role", R"("no such role")").role);
    TEXT_EQUAL("us\xc3\xa9r", entry_with("user_id", "\"us\xc3\xa9r\"").user_id);
}

TEST(refresh_roster_document, entries_without_a_usable_login_are_left_out_and_counted) {
    for (const auto* login :
         {"null", R"("")", R"("10001")", R"("-x")", R"(".x")", R"("a b")", R"("a/b")",
          R"("alice\u0000")", R"("\u0000")", R"("alice\n")", R"("r\u00f6t")", R"("ali:ce")",
          R"("abcdefghijklmnopqrstuvwxyz0123456")", R"("..")"}) {
        const auto page = with_login(login);
        LONGS_EQUAL(0, page.entries.size());
        LONGS_EQUAL(1, page.left_out.size());
        TEXT_EQUAL("user_1", page.left_out[0]);
    }
    LONGS_EQUAL(1, with_login(R"("abcdefghijklmnopqrstuvwxyz012345")").entries.size());
    LONGS_EQUAL(1, with_login(R"("_")").entries.size());
}

TEST(refresh_roster_document, an_entry_that_is_left_out_is_checked_all_the_same) {
    const auto entry = with(with(valid_entry(), "login", "null"), "uid", "-1");
    TEXT_CONTAINS("data[0].uid", refusal(page_with_entry(entry)));
}

TEST(refresh_roster_document, the_others_hold_where_one_is_left_out) {
    const auto page = taken(page_with_data("[" + json_object(with(valid_entry(), "login", "null")) +
                                           "," + json_object(valid_entry()) + "]"));
    LONGS_EQUAL(1, page.entries.size());
    LONGS_EQUAL(1, page.left_out.size());
}

TEST(refresh_roster_document, an_empty_roster_is_a_valid_page) {
    const auto page = taken(page_with_data("[]"));  // whether it is believed is asked elsewhere
    LONGS_EQUAL(0, page.entries.size());
}

TEST(refresh_roster_document, unknown_fields_are_ignored) {
    for (const auto& [type, value] : json_values()) {
        LONGS_EQUAL(1, taken(json_object(with(valid_page(), "x", value))).entries.size());
        TEXT_EQUAL("alice", entry_with("x", value).login);
    }
    TEXT_EQUAL("alice", entry_with("login\\u0000", R"("mallory")").login);
}
