// SPDX-License-Identifier: Apache-2.0
// The snapshot: what the writer writes, the reader reads.
#include "common/roster/snapshot.h"

#include <CppUTest/TestHarness.h>
#include <cdb.h>

#include <algorithm>
#include <array>
#include <unordered_set>

#include "tests/unit/support/fake_clock.h"
#include "tests/unit/support/roster_folder.h"
#include "tests/unit/support/texts.h"

using namespace together;

namespace {

// As long as each may be, and all flags set.
RosterEntry max_entry() {
    RosterEntry longest;
    longest.login = std::string(32, 'l');
    longest.user_id = std::string(max_user_id, 'u');
    longest.role = std::string(max_role, 'r');
    longest.uid = static_cast<uid_t>(-2);
    longest.uid_source = UidSource::node;
    longest.external = true;
    return longest;
}

std::vector<RosterEntry> all_of(const Snapshot& snapshot) {
    std::vector<RosterEntry> entries;
    CHECK_TRUE(snapshot.for_each([&](const RosterEntry& found) { entries.push_back(found); }));
    return entries;
}

}  // namespace

TEST_GROUP(snapshot) {
    RosterFolder roster;

    Snapshot written() {
        roster.write();
        auto snapshot = roster.open();
        if (!snapshot) FAIL(snapshot.error().message.c_str());
        CHECK_TRUE(snapshot->verify_intact());
        return *std::move(snapshot);
    }
    void is_refused_as_too_long(const RosterEntry& too_long) {
        roster.content.entries = {entry("alice", 1), too_long};
        CHECK_FALSE(write_snapshot(roster.paths(), roster.content).has_value());
        CHECK_FALSE(exists(roster.path()));
        CHECK_FALSE(exists(roster.paths().temporary()));
    }
};

TEST(snapshot, finds_an_entry_by_login_and_by_uid) {
    const auto snapshot = written();
    for (const auto& each : roster.content.entries) {
        CHECK_TRUE(snapshot.find_login(each.login) == each);
        CHECK_TRUE(snapshot.find_uid(each.uid) == each);
    }
}

TEST(snapshot, has_nobody_else) {
    const auto snapshot = written();
    for (const char* login : {"mallory", "", "alic", "alice2", "Alice", "lalice", "alice\n"})
        CHECK_TRUE(snapshot.find_login(login).error() == Absence::not_found);
    CHECK_TRUE(snapshot.find_login(std::string("alice\0", 6)).error() == Absence::not_found);
    CHECK_TRUE(snapshot.find_login(std::string(100'000, 'a')).error() == Absence::not_found);
    for (const uid_t uid : {0U, 10000U, 10003U, 4294967295U})
        CHECK_TRUE(snapshot.find_uid(uid).error() == Absence::not_found);
}

// "u" and a uid's letters could be somebody's login with another first letter.
TEST(snapshot, takes_no_uid_for_a_login) {
    constexpr uid_t uid = 0xc5a928;
    roster.content.entries = {entry("bob", uid)};
    const auto snapshot = written();
    TEXT_EQUAL("uHIJKL@@", uid_key(uid));
    CHECK_FALSE(snapshot.find_login("HIJKL@@").has_value());
    CHECK_FALSE(snapshot.find_login("uHIJKL@@").has_value());
    CHECK_TRUE(snapshot.find_uid(uid).has_value());
}

TEST(snapshot, uids_in_a_row_have_hashes_of_their_own_and_tables_of_a_size) {
    std::unordered_set<unsigned> hashes;
    std::array<int, number_of_tables> in_table{};
    for (uid_t uid = 0; uid < 100'000; ++uid) {
        const auto key = uid_key(10'000 + uid);
        hashes.insert(::cdb_hash(key.data(), static_cast<unsigned>(key.size())));
        ++in_table[table_of(key)];
    }
    LONGS_EQUAL(100'000, hashes.size());
    const auto [least, most] = std::minmax_element(in_table.begin(), in_table.end());
    CHECK_TRUE(*most - *least < 10);
}

TEST(snapshot, keeps_the_longest_entry_whole) {
    roster.content.entries = {max_entry()};
    const auto snapshot = written();
    CHECK_TRUE(snapshot.find_login(max_entry().login) == max_entry());
    CHECK_TRUE(snapshot.find_uid(max_entry().uid) == max_entry());
}

TEST(snapshot, refuses_a_longer_entry_instead_of_cutting_it) {
    auto too_long = max_entry();
    too_long.login += 'l';
    is_refused_as_too_long(too_long);
    too_long = max_entry();
    too_long.user_id += 'u';
    is_refused_as_too_long(too_long);
    too_long = max_entry();
    too_long.role += 'r';
    is_refused_as_too_long(too_long);
    too_long = max_entry();
    too_long.login = std::string(5000, 'l');
    is_refused_as_too_long(too_long);
}

TEST(snapshot, keeps_an_entry_without_a_uid) {
    roster.content.entries = {entry_without_uid("carol"), entry("bob", 10002)};
    const auto snapshot = written();
    CHECK_TRUE(snapshot.find_login("carol")->uid_source == UidSource::none);
    CHECK_TRUE(snapshot.find_uid(0).error() == Absence::not_found);
    LONGS_EQUAL(1, snapshot.header().without_uid);
}

TEST(snapshot, marks_entries_that_share_a_login) {
    roster.content.entries = {entry("alice", 1), entry("bob", 2), entry("alice", 3, "admin")};
    const auto snapshot = written();
    CHECK_TRUE(snapshot.find_login("alice")->login_shared);
    CHECK_TRUE(snapshot.find_uid(1)->login_shared);
    CHECK_TRUE(snapshot.find_uid(3)->login_shared);
    CHECK_FALSE(snapshot.find_uid(1)->uid_shared);
    CHECK_FALSE(snapshot.find_login("bob")->login_shared);
    LONGS_EQUAL(2, all_of(snapshot).size());
}

TEST(snapshot, marks_entries_that_share_a_uid) {
    roster.content.entries = {entry("alice", 1), entry("bob", 1, "admin"), entry("carol", 2)};
    const auto snapshot = written();
    CHECK_TRUE(snapshot.find_uid(1)->uid_shared);
    CHECK_TRUE(snapshot.find_login("alice")->uid_shared);
    CHECK_TRUE(snapshot.find_login("bob")->uid_shared);
    CHECK_FALSE(snapshot.find_login("alice")->login_shared);
    CHECK_FALSE(snapshot.find_uid(2)->uid_shared);
    LONGS_EQUAL(3, all_of(snapshot).size());
}

TEST(snapshot, marks_nothing_where_uids_are_unknown) {
    roster.content.entries = {entry_without_uid("alice"), entry_without_uid("bob"),
                              entry("root2", 0)};
    const auto snapshot = written();
    for (const char* login : {"alice", "bob", "root2"})
        CHECK_FALSE(snapshot.find_login(login)->uid_shared);
}

TEST(snapshot, unmarks_what_is_no_longer_shared) {
    roster.content.entries = {entry("alice", 1)};
    roster.content.entries[0].login_shared = roster.content.entries[0].uid_shared = true;
    const auto snapshot = written();
    CHECK_FALSE(snapshot.find_login("alice")->login_shared);
    CHECK_FALSE(snapshot.find_login("alice")->uid_shared);
}

TEST(snapshot, counts_in_its_header) {
    FakeClock clock;
    roster.content.entries = {entry("a", 1, "admin"), entry("b", 2, "admin"), entry("c", 3),
                              entry_without_uid("d", "owner")};
    roster.content.left_out = 5;
    roster.content.etag = "\"abc\"";
    roster.write(clock.now());
    const auto header = roster.open()->header();
    LONGS_EQUAL(4, header.entries);
    LONGS_EQUAL(2, header.admins);
    LONGS_EQUAL(5, header.left_out);
    LONGS_EQUAL(1, header.without_uid);
    LONGS_EQUAL(1, header.has_revision);
    LONGLONGS_EQUAL(7, header.revision);
    STRCMP_EQUAL("\"abc\"", header.etag.data());
    CHECK_TRUE(header.validated == clock.now());
}

TEST(snapshot, may_have_no_revision) {
    roster.content.revision.reset();
    LONGS_EQUAL(0, written().header().has_revision);
}

// Half of an ETag would be asked for and never match, or match another.
TEST(snapshot, leaves_out_an_etag_that_is_too_long) {
    roster.content.etag = std::string(263, 'e');
    STRCMP_EQUAL(roster.content.etag.c_str(), written().header().etag.data());
    roster.content.etag += 'e';
    STRCMP_EQUAL("", written().header().etag.data());
}

TEST(snapshot, can_be_empty) {
    roster.content.entries.clear();
    const auto snapshot = written();
    CHECK_TRUE(snapshot.find_login("alice").error() == Absence::not_found);
    CHECK_TRUE(all_of(snapshot).empty());
}

TEST(snapshot, lists_10000_entries_in_the_authoritys_order) {
    roster.content.entries.clear();
    for (uid_t i = 0; i < 10'000; ++i)
        roster.content.entries.push_back(
            entry("user" + std::to_string(i * 7919 % 10'000), 5000 + i));
    const auto snapshot = written();
    CHECK_TRUE(all_of(snapshot) == roster.content.entries);
    CHECK_TRUE(std::all_of(
        roster.content.entries.begin(), roster.content.entries.end(), [&](const RosterEntry& each) {
            return snapshot.find_login(each.login) == each && snapshot.find_uid(each.uid) == each;
        }));
    CHECK_FALSE(snapshot.find_login("user10000").has_value());
}

TEST(snapshot, stays_readable_while_it_is_replaced) {
    const auto old = written();
    roster.content.entries = {entry("carol", 10003)};
    const auto current = written();
    CHECK_TRUE(old.find_login("alice").has_value());
    CHECK_TRUE(old.verify_intact());
    CHECK_FALSE(current.find_login("alice").has_value());
    CHECK_TRUE(current.find_login("carol").has_value());
}

TEST(snapshot, has_another_digest_each_time_it_is_validated) {
    FakeClock clock;
    const auto first = roster.write(clock.now());
    clock.tick(Nanoseconds(1));
    CHECK_TRUE(first != roster.write(clock.now()));
}
