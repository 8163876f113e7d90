// SPDX-License-Identifier: Apache-2.0
// A page of a roster as text: strict JSON, UTF-8, bounded nesting; and the check of single entries.
#include <CppUTest/TestHarness.h>

#include <algorithm>

#include "common/roles/identifiers.h"
#include "tests/unit/support/roster_pages.h"
#include "tests/unit/support/texts.h"
#include "together_refresh/source/roster_document.h"

using namespace together;

namespace {

bool is_taken(const std::string& json) {
    return parse_roster_page(json, "proj_123").has_value();
}

std::string refusal(const std::string& json) {
    const auto page = parse_roster_page(json, "proj_123");
    return page ? std::string() : page.error().message;
}

// In a field that is ignored: what the text itself must be, wherever it stands.
std::string page_with_note(const std::string& value) {
    return json_object(with(valid_page(), "note", value));
}

RosterEntry good_entry() {
    RosterEntry entry;
    entry.login = "alice";
    entry.user_id = "user_1";
    entry.role = "member";
    entry.uid = 10001;
    entry.uid_source = UidSource::authority;
    return entry;
}

template <class Change>
bool valid_after(const Change& change) {
    RosterEntry entry = good_entry();
    change(entry);
    return is_valid_entry(entry);
}

}  // namespace

TEST_GROUP(refresh_roster_syntax){};

TEST(refresh_roster_syntax, what_is_not_strict_json_is_refused) {
    const auto page = json_object(valid_page());
    const auto inside = [&](const std::string& text) {
        return page.substr(0, page.size() - 1) + text;
    };
    for (const auto& json : {page + "x",
                             page + page,
                             page + "]",
                             page + "\n{}",
                             page + std::string(1, '\0'),
                             "x" + page,
                             inside(""),
                             inside(",}"),
                             inside(", \"x\"}"),
                             inside(", \"x\":}"),
                             inside(", x: 1}"),
                             inside(", 'x': 1}"),
                             inside(", \"x\": 'y'}"),
                             inside(", 1: 1}"),
                             inside(", \"x\": [1,]}"),
                             inside(", \"\": 1,}"),
                             inside(", \"x\": [,]}"),
                             inside(", \"x\": tru}"),
                             inside(", \"x\": \"\\q\"}"),
                             inside(", \"x\": \"\\u12\"}"),
                             inside(", \"x\": \"}"),
                             inside(", \"x\": NaN}"),
                             inside("/* comment */}"),
                             inside("// comment\n}"),
                             "// comment\n" + page,
                             page + " // comment",
                             page + "/**/",
                             "[" + page + "]"})
        if (is_taken(json)) FAIL(json.c_str());
}

TEST(refresh_roster_syntax, numbers_are_what_rfc_8259_calls_numbers) {
    for (const auto* number :
         {"0", "-0", "10", "-1", "0.5", "1.50", "1e-400", "1e3", "1E+3", "0e-1", "1.5e10"})
        CHECK_TRUE(is_taken(page_with_note(number)));
    for (const auto* number :
         {"-",   "01", "-01", "00",   "1.",    ".5",    "-.5",   "1.e1",  "1e",  "1e+", "+1",
          "--1", "1-", "1+1", "0x10", "1_000", "1e1.5", "1e400", "1.2.3", "- 1", "1 1"})
        if (is_taken(page_with_note(number))) FAIL(number);
}

TEST(refresh_roster_syntax, control_characters_are_escaped) {
    for (char c = 1; c < ' '; ++c) {
        CHECK_FALSE(is_taken(page_with_note("\"a" + std::string(1, c) + "b\"")));
        const bool blank = c == '\n' || c == '\r' || c == '\t';
        CHECK_TRUE(is_taken(page_with_note("[1," + std::string(1, c) + "2]")) == blank);
    }
    for (const auto* text : {R"("a\\")", R"("a\"/* no comment */\"b")", R"("\\\"//")", R"("\/")"})
        CHECK_TRUE(is_taken(page_with_note(text)));
    CHECK_FALSE(is_taken(page_with_note(R"("\\\")")));
}

TEST(refresh_roster_syntax, comments_are_refused_wherever_they_stand) {
    const auto page = json_object(valid_page());
    for (std::size_t at = 0; at <= page.size(); ++at) {
        // Within a string it is text, and the constants, names and types are then wrong, or not.
        const auto quotes = std::count(page.begin(), page.begin() + static_cast<long>(at), '"');
        for (const auto* comment : {"/* x */", "// x\n", "/"})
            if (quotes % 2 == 0)
                CHECK_FALSE(is_taken(page.substr(0, at) + comment + page.substr(at)));
    }
}

TEST(refresh_roster_syntax, every_cut_is_refused) {
    const auto page = json_object(valid_page());
    for (std::size_t length = 0; length < page.size(); ++length)
        if (is_taken(page.substr(0, length))) FAIL(page.substr(0, length).c_str());
    CHECK_TRUE(is_taken(page));
    CHECK_TRUE(is_taken("\n " + page + " \r\n\t"));
}

TEST(refresh_roster_syntax, a_field_that_stands_twice_is_refused) {
    auto twice = valid_entry();
    twice.emplace_back("login", R"("mallory")");
    TEXT_CONTAINS("Duplicate key: 'login'", refusal(page_with_entry(twice)));
    auto same = valid_entry();
    same.emplace_back("login", R"("alice")");
    TEXT_CONTAINS("Duplicate key", refusal(page_with_entry(same)));
    auto hidden = valid_entry();
    hidden.emplace_back("log\\u0069n", R"("mallory")");
    TEXT_CONTAINS("Duplicate key", refusal(page_with_entry(hidden)));
    auto page = valid_page();
    page.emplace_back("data", "[]");
    TEXT_CONTAINS("Duplicate key", refusal(json_object(page)));
    TEXT_CONTAINS("Duplicate key", refusal(page_with_note(R"({"a": 1, "a": 1})")));
}

TEST(refresh_roster_syntax, deep_nesting_is_refused_without_using_the_stack) {
    CHECK_TRUE(is_taken(page_with_note(std::string(20, '[') + std::string(20, ']'))));
    CHECK_FALSE(is_taken(page_with_note(std::string(40, '[') + std::string(40, ']'))));
    CHECK_FALSE(is_taken(std::string(5'000'000, '[')));
    std::string objects;
    for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
    CHECK_FALSE(is_taken(objects));
}

TEST(refresh_roster_syntax, utf8_is_checked_everywhere) {
    for (const auto* text : {"\xff",
                             "\x80",
                             "\xc0\x80",
                             "\xc1\xbf",
                             "\xe0\x80\x80",
                             "\xe0\x9f\xbf",
                             "\xf0\x80\x80\x80",
                             "\xf0\x8f\xbf\xbf",
                             "\xed\xa0\x80",
                             "\xed\xbf\xbf",
                             "\xf4\x90\x80\x80",
                             "\xf5\x80\x80\x80",
                             "\xf8\x88\x80\x80\x80",
                             "\xc3",
                             "\xe2\x82",
                             "\xf0\x9f\x98",
                             "\xc3(",
                             "\xe2\x28\xa1",
                             "\xf0\x28\x8c\xbc",
                             "\xf0\x9f\x98(",
                             "\xe2\x82\xc3"}) {
        CHECK_FALSE(is_utf8(text));
        TEXT_EQUAL("the roster is not UTF-8",
                   refusal(page_with_note('"' + std::string(text) + '"')));
        TEXT_EQUAL("the roster is not UTF-8", refusal(json_object(valid_page()) + text));
    }
    for (const auto* text :
         {"", "a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
          "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
        CHECK_TRUE(is_utf8(text));
        CHECK_TRUE(is_taken(page_with_note('"' + std::string(text) + '"')));
    }
}

TEST(refresh_roster_syntax, utf8_is_checked_within_its_text_alone) {
    for (const std::string_view text : {"\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"}) {
        CHECK_TRUE(is_utf8(text));
        for (std::size_t length = 1; length < text.size(); ++length)
            CHECK_FALSE(is_utf8(text.substr(0, length)));
    }
}

// Escapes can say what bytes may not.
TEST(refresh_roster_syntax, half_a_surrogate_pair_gets_into_no_entry) {
    for (const auto* text : {R"("\ud800")", R"("\udc00")", R"("\ud83dx")", R"("x\udfff")"})
        for (const auto* field : {"user_id", "role"})
            CHECK_FALSE(is_taken(page_with_entry(with(valid_entry(), field, text))));
    const auto page = parse_roster_page(
        page_with_entry(with(valid_entry(), "user_id", R"("\ud83d\ude00")")), "proj_123");
    CHECK_TRUE(page.has_value());
    TEXT_EQUAL("\xf0\x9f\x98\x80", page->entries.at(0).user_id);
}

TEST(refresh_roster_syntax, a_byte_order_mark_is_overlooked) {  // RFC 8259, 8.1
    CHECK_TRUE(is_taken("\xef\xbb\xbf" + json_object(valid_page())));
    CHECK_FALSE(is_taken("\xff\xfe" + json_object(valid_page())));
    CHECK_FALSE(is_taken("\xef\xbb\xbf\xef\xbb\xbf" + json_object(valid_page())));
}

TEST(refresh_roster_syntax, messages_are_one_short_line_without_the_content) {
    const auto problem = refusal("{\"object\": \"list\" \"secret\"}" + std::string(10'000, 'x'));
    TEXT_CONTAINS("the roster is not JSON", problem);
    CHECK_TRUE(problem.find('\n') == std::string::npos && problem.size() < 300);
    CHECK_TRUE(problem.find("secret") == std::string::npos);
}

TEST(refresh_roster_syntax, an_entry_is_checked_whoever_sent_it) {
    CHECK_TRUE(is_valid_entry(good_entry()));
    for (const auto* login : {"", "10001", "-x", "a b", "a/b", "a\n"})
        CHECK_FALSE(valid_after([&](auto& entry) { entry.login = login; }));
    for (const auto& text :
         {std::string(), std::string("a\nb"), std::string(1, '\0'), std::string("\x7f"),
          std::string("\xff"), std::string("\xed\xa0\x80")}) {
        CHECK_FALSE(valid_after([&](auto& entry) { entry.user_id = text; }));
        CHECK_FALSE(valid_after([&](auto& entry) { entry.role = text; }));
    }
    CHECK_FALSE(valid_after([](auto& e) { e.user_id.assign(max_user_id + 1, 'x'); }));
    CHECK_TRUE(valid_after([](auto& e) { e.user_id.assign(max_user_id, 'x'); }));
    CHECK_FALSE(valid_after([](auto& e) { e.role.assign(max_role + 1, 'x'); }));
    CHECK_TRUE(valid_after([](auto& e) { e.role.assign(max_role, 'x'); }));
    for (const auto source : {UidSource::authority, UidSource::node})
        CHECK_FALSE(valid_after([&](auto& e) { e.uid_source = source, e.uid = 4294967295U; }));
    CHECK_TRUE(valid_after([](auto& e) { e.uid = 4294967294U; }));
}

// ---- how many values a page may have: each costs jsoncpp some 200 bytes
// --------------------------

TEST(refresh_roster_syntax, a_million_tiny_values_are_refused_unread) {
    for (const char* value : {"0", "{}", "[0]", "\"\""}) {
        std::string list = "[";
        for (std::size_t i = 0; i < max_values_of_a_page; ++i) list += std::string(value) + ",";
        // What comes behind them is not looked at.
        TEXT_CONTAINS("it has more than 250000 values", refusal(page_with_note(list + "nonsense")));
    }
}

TEST(refresh_roster_syntax, a_page_of_all_that_is_asked_for_is_far_below_that) {
    std::string list = "[0";
    for (int i = 0; i < 200'000; ++i) list += ",0";
    CHECK_TRUE(is_taken(page_with_note(list + "]")));
}

TEST(refresh_roster_syntax, commas_in_a_string_are_no_values) {
    CHECK_TRUE(is_taken(page_with_note('"' + std::string(max_values_of_a_page, ',') + '"')));
}

TEST(refresh_roster_syntax, a_file_of_roots_has_no_such_bound) {
    std::string list = "[0";
    for (std::size_t i = 0; i < max_values_of_a_page; ++i) list += ",0";
    CHECK_TRUE(parse_roster_page(page_with_note(list + "]"), "proj_123", Include::roles, SIZE_MAX)
                   .has_value());
}
