// SPDX-License-Identifier: Apache-2.0
#include "role_server/model/project_roster.h"

#include <CppUTest/TestHarness.h>

#include <cstdint>

using namespace together::roled;

TEST_GROUP(ProjectRosterTest) {
    Roster roster{"proj_1", {"ep", 7}};

    void fill() {
        for (const auto* id : {"user_a", "user_b", "user_c"})
            roster.add(id, '{' + std::string(id) + '}');
        roster.finish();
    }
};

TEST(ProjectRosterTest, nobody) {
    roster.finish();
    STRCMP_EQUAL(
        R"({"object":"list","project_id":"proj_1","revision":7,"next_cursor":null,"data":[]})",
        roster.page("", 10)->c_str());
}

TEST(ProjectRosterTest, one_page) {
    fill();
    STRCMP_EQUAL(
        R"({"object":"list","project_id":"proj_1","revision":7,"next_cursor":null,"data":[{user_a},{user_b},{user_c}]})",
        roster.page("", 3)->c_str());
}

TEST(ProjectRosterTest, a_page_is_made_once) {
    fill();
    POINTERS_EQUAL(roster.page("", 3).get(), roster.page("", 3).get());
    CHECK(roster.page("", 2).get() != roster.page("", 3).get());
}

TEST(ProjectRosterTest, a_page_goes_on_after_the_cursor_even_where_its_user_is_unknown) {
    fill();
    STRCMP_EQUAL(
        R"({"object":"list","project_id":"proj_1","revision":7,"next_cursor":"ep-7-user_b","data":[{user_b}]})",
        roster.page("user_aa", 1)->c_str());
    STRCMP_EQUAL(
        R"({"object":"list","project_id":"proj_1","revision":7,"next_cursor":null,"data":[]})",
        roster.page("user_z", 1)->c_str());
}

TEST(ProjectRosterTest, pages_as_nodes_ask_for_them_are_packed_once) {
    for (int i = 10'000; i < 12'500; ++i) roster.add("user_" + std::to_string(i), "{\"some\":1}");
    roster.finish();
    const auto first = roster.gzip_page("", 1000);
    CHECK(first != nullptr);
    STRCMP_EQUAL("\x1f\x8b", first->substr(0, 2).c_str());
    POINTERS_EQUAL(first.get(), roster.gzip_page("", 1000).get());
    CHECK(roster.gzip_page("user_10999", 1000) != nullptr);
    CHECK(roster.gzip_page("user_10999", 1000) != first);
    for (const auto* after : {"user_10000", "user_11998", "user_12000"})
        POINTERS_EQUAL(nullptr, roster.gzip_page(after, 1000).get());
    POINTERS_EQUAL(nullptr, roster.gzip_page("", 999).get());
    POINTERS_EQUAL(nullptr, roster.gzip_page("user_12499", 1000).get());
}

TEST(ProjectRosterTest, a_small_page_is_not_packed) {
    fill();
    POINTERS_EQUAL(nullptr, roster.gzip_page("", 1000).get());
}

TEST(ProjectRosterTest, the_etag_tells_epoch_revision_and_content_apart) {
    fill();
    const auto etag_of = [](const char* epoch, std::int64_t revision, const char* entry) {
        Roster other("proj_1", {epoch, revision});
        other.add("user_a", entry);
        other.finish();
        return other.etag();
    };
    CHECK(roster.etag().starts_with("\"ep-7-"));
    CHECK(etag_of("e", 1, "x") == etag_of("e", 1, "x"));
    CHECK(etag_of("e", 1, "x") != etag_of("f", 1, "x"));
    CHECK(etag_of("e", 1, "x") != etag_of("e", 2, "x"));
    CHECK(etag_of("e", 1, "x") != etag_of("e", 1, "y"));
}
