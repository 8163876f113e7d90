// SPDX-License-Identifier: Apache-2.0
// What a roster says with include=accounts: read from a page, and on its way to the parent.
#include <CppUTest/TestHarness.h>

#include "common/accounts/ssh_key.h"
#include "common/node_config/node_config.h"
#include "tests/unit/support/frames.h"
#include "tests/unit/support/roster_pages.h"
#include "tests/unit/support/texts.h"
#include "together_refresh/source/believable.h"
#include "together_refresh/source/http_source.h"

using namespace together;

namespace {

const std::string key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA";

std::string refusal(const std::string& json) {
    const auto page = parse_roster_page(json, "proj_123", Include::accounts);
    return page ? std::string() : page.error().message;
}

RosterPage taken(const std::string& json, Include include = Include::accounts) {
    auto page = parse_roster_page(json, "proj_123", include);
    if (!page) FAIL(page.error().message.c_str());
    return *std::move(page);
}

std::string page_with_keys(const std::string& keys) {
    return page_with_entry(with(valid_entry(), "ssh_keys", keys));
}

std::string page_with_group(const std::string& group) {
    return json_object(with(valid_page(), "group", group));
}

const std::string group = R"({"name": "p-lab", "gid": 20000, "admin_gid": 20001})";

RosterEntry alice() {
    RosterEntry entry;
    entry.login = "alice";
    entry.user_id = "user_1";
    entry.role = "admin";
    return entry;
}

}  // namespace

TEST_GROUP(refresh_roster_accounts){};

TEST(refresh_roster_accounts, keys_and_group_are_read_where_they_were_asked_for) {
    const auto page = taken(page_with_keys("[\"" + key + "\", \"" + key + " at home\"]"));
    LONGS_EQUAL(2, page.accounts.keys.size());
    CHECK_TRUE((page.accounts.keys[1] == SshKey{"alice", key}));
    CHECK_TRUE(taken(page_with_group(group)).accounts.group ==
               (RosterGroup{"p-lab", 20000, 20001}));
    CHECK_TRUE(taken(page_with_group(R"({"name": "p-lab", "gid": null})")).accounts.group ==
               (RosterGroup{"p-lab", {}, {}}));
    CHECK_TRUE(taken(json_object(valid_page())).accounts.keys.empty());
    CHECK_FALSE(taken(page_with_group("null")).accounts.group.has_value());
}

TEST(refresh_roster_accounts, are_unknown_fields_where_they_were_not_asked_for) {
    const auto page = taken(page_with_group("7"), Include::roles);
    CHECK_FALSE(page.accounts.group.has_value());
    CHECK_TRUE(taken(page_with_keys("[\"" + key + "\"]"), Include::roles).accounts.keys.empty());
}

TEST(refresh_roster_accounts, a_group_needs_no_name) {
    for (const char* one : {R"({"gid": 20000})", R"({"name": null, "gid": 20000})"}) {
        const auto page = taken(page_with_group(one));
        CHECK_TRUE(page.accounts.group && page.accounts.group->name.empty());
        LONGS_EQUAL(20000, *page.accounts.group->gid);
    }
}

TEST(refresh_roster_accounts, a_wrong_type_refuses_the_page) {
    for (const auto& [name, value] : json_values()) {
        if (name != "array")
            TEXT_CONTAINS("data[0].ssh_keys is not an array", refusal(page_with_keys(value)));
        if (name != "string")
            TEXT_CONTAINS("data[0].ssh_keys has an element that is not a string",
                          refusal(page_with_keys("[" + value + "]")));
        if (name != "object" && name != "null")
            TEXT_CONTAINS("group is not an object", refusal(page_with_group(value)));
        if (name != "number" && name != "null")
            for (const char* field : {"gid", "admin_gid"})
                TEXT_CONTAINS("group." + std::string(field) + " is not a whole number",
                              refusal(page_with_group(R"({"name": "p-lab", ")" +
                                                      std::string(field) + "\": " + value + "}")));
    }
    TEXT_CONTAINS("group.name", refusal(page_with_group(R"({"name": 7})")));
    TEXT_CONTAINS("group.gid is not a whole number",
                  refusal(page_with_group(R"({"name": "p-lab", "gid": 4294967295})")));
}

// One person's key must not keep the roster from everybody.
TEST(refresh_roster_accounts, a_key_that_is_none_is_left_out_and_counted) {
    const auto page = taken(page_with_keys(R"(["ssh-dss AAAA", "command=\"x\" )" + key +
                                           R"(", "a\nb", ")" + key + "\"]"));
    LONGS_EQUAL(1, page.accounts.keys.size());
    LONGS_EQUAL(3, page.keys_left_out);
    std::string keys;
    for (int i = 0; i < 102; ++i) keys += (i > 0 ? ",\"" : "\"") + key + '"';
    LONGS_EQUAL(max_ssh_keys, taken(page_with_keys("[" + keys + "]")).accounts.keys.size());
    RosterCounts counts;
    counts.add(taken(page_with_keys("[" + keys + "]")));
    TEXT_CONTAINS("2 ssh_keys that sshd would not take are left out", warnings_about(counts));
}

TEST(refresh_roster_accounts, keys_of_an_entry_without_a_login_go_with_it) {
    const auto entry = with(with(valid_entry(), "login", "null"), "ssh_keys", "[\"" + key + "\"]");
    CHECK_TRUE(taken(page_with_entry(entry)).accounts.keys.empty());
}

TEST(refresh_roster_accounts, all_keys_together_have_a_bound) {
    RosterCounts counts;
    counts.entries = 1;
    counts.key_bytes = max_key_bytes;
    CHECK_FALSE(why_not_believed(counts).has_value());
    ++counts.key_bytes;
    TEXT_CONTAINS("more than 256 MiB of ssh_keys", why_not_believed(counts).value_or(""));
}

TEST(refresh_roster_accounts, are_asked_for_where_accounts_are_enabled) {
    NodeConfig config;
    CHECK_TRUE(included(config) == Include::roles);
    config.accounts.enabled = true;
    CHECK_TRUE(included(config) == Include::accounts);
    TEXT_EQUAL("https://a/v1/projects/p/collaborators?limit=7",
               roster_url("https://a/v1", "p", Include::roles, 7, ""));
    TEXT_EQUAL("https://a/v1/projects/p/collaborators?limit=7&include=accounts&after=x",
               roster_url("https://a/v1", "p", Include::accounts, 7, "x"));
}

TEST(refresh_roster_accounts, reach_the_parent) {
    const auto bytes = frames_of([](FrameWriter& frames) {
        frames.entry(alice());
        frames.key({"alice", key});
        frames.restart();
        frames.entry(alice());
        frames.key({"alice", key});
        frames.group({"p-lab", 20000, {}});
        frames.summary({});
        frames.end();
    });
    const auto reception = receive_bytes(bytes);
    CHECK_TRUE(reception.end == PipeEnd::complete);
    LONGS_EQUAL(1, reception.received.accounts.keys.size());
    CHECK_TRUE(reception.received.accounts.keys[0] == (SshKey{"alice", key}));
    CHECK_TRUE(reception.received.accounts.group == (RosterGroup{"p-lab", 20000, {}}));
}

TEST(refresh_roster_accounts, of_a_child_that_was_taken_over_are_nonsense) {
    const auto entry = encode_frame(alice());
    const auto one_key = encode_frame(SshKey{"alice", key});
    const auto one_group = encode_frame(RosterGroup{"p-lab", 1, {}});
    for (const auto& bytes :
         {one_key, entry + encode_frame(SshKey{"bob", key}),
          entry + raw_frame('k', "alice x " + key), entry + raw_frame('k', "alice " + key + "\n"),
          entry + raw_frame('k', "alice"), entry + encode_frame(FetchSummary{}) + one_key,
          one_group + one_group, encode_frame(FetchSummary{}) + one_group,
          raw_frame('g', "1234567"), raw_frame('g', std::string(8, '\0') + "p\n"),
          raw_frame('g', std::string(8, '\0') + std::string(33, 'a'))})
        CHECK_TRUE(receive_bytes(bytes).end == PipeEnd::nonsense);
}
