// SPDX-License-Identifier: Apache-2.0
// What becomes of a fetched roster: compared with the stored one, then written, or the stored one's
// stamp extended, or dropped.
#include <CppUTest/TestHarness.h>

#include <cstdint>

#include "tests/unit/support/roster_updates.h"
#include "tests/unit/support/texts.h"

using namespace together;
using namespace std::chrono_literals;
using Kind = Update::Kind;

namespace {

RosterEntry entry(const std::string& login, std::optional<uid_t> uid = std::nullopt) {
    RosterEntry result;
    result.login = login;
    result.user_id = "user_" + login;
    result.role = "member";
    result.uid = uid.value_or(0);
    result.uid_source = uid ? UidSource::authority : UidSource::none;
    return result;
}

FetchResult complete(std::vector<RosterEntry> entries,
                     std::optional<std::int64_t> revision = std::nullopt) {
    FetchResult result;
    result.entries = std::move(entries);
    result.summary.outcome = FetchOutcome::complete;
    result.summary.revision = revision;
    return result;
}

FetchResult not_modified() {
    FetchResult result;
    result.summary.outcome = FetchOutcome::not_modified;
    return result;
}

Kind kind_of(const Result<Update>& update) {
    if (!update) FAIL(update.error().message.c_str());
    return update->kind;
}

}  // namespace

TEST_GROUP(refresh_roster_update) {
    UpdatedFolder folder;

    void store(FetchResult fetched) {
        CHECK_TRUE(kind_of(folder.update(std::move(fetched))) == Kind::written);
    }
    Nanoseconds age() {
        return folder.stored().value().age.value;
    }
};

TEST(refresh_roster_update, the_first_roster_is_written_with_its_age) {
    Moment sent = folder.now;
    folder.tick(700ms);
    CHECK_TRUE(kind_of(folder.update(complete({entry("alice", 10001)}, 7), sent)) == Kind::written);
    CHECK_TRUE(age() == Nanoseconds(700ms));
    CHECK_TRUE(folder.entry("alice") == entry("alice", 10001));
    LONGS_EQUAL(7, folder.stored()->snapshot.header().revision);
    CHECK_FALSE(exists(folder.paths().temporary()));
}

TEST(refresh_roster_update, unchanged_content_extends_the_stamp_and_keeps_the_file) {
    store(complete({entry("alice", 10001), entry("bob")}, 7));
    const auto before = folder.inode();
    const auto bytes = read_file(folder.paths().snapshot);
    folder.tick(60s);
    CHECK_TRUE(kind_of(folder.update(complete({entry("alice", 10001), entry("bob")}, 7))) ==
               Kind::extended);
    LONGS_EQUAL(before, folder.inode());
    CHECK_TRUE(bytes == read_file(folder.paths().snapshot));
    CHECK_TRUE(age() == 0ns);
    folder.tick(1s);
    CHECK_TRUE(age() == Nanoseconds(1s));
}

TEST(refresh_roster_update, each_change_is_written) {
    store(complete({entry("alice", 10001), entry("bob", 10002)}, 7));
    const auto change = [&](const auto& make) {
        auto entries = std::vector{entry("alice", 10001), entry("bob", 10002)};
        auto fetched = complete(entries, 7);
        make(fetched);
        folder.tick(1s);
        CHECK_TRUE(kind_of(folder.update(fetched)) == Kind::written);
        folder.tick(1s);
        folder.accept_older = true;
        CHECK_TRUE(kind_of(folder.update(complete(entries, 7))) == Kind::written);
        folder.accept_older = false;
    };
    change([](FetchResult& f) { f.entries.pop_back(); });
    change([](FetchResult& f) { f.entries[0].role = "admin"; });
    change([](FetchResult& f) { f.entries[0].uid = 10003; });
    change([](FetchResult& f) { f.entries[0].uid = 0, f.entries[0].uid_source = UidSource::none; });
    change([](FetchResult& f) { f.entries[0].user_id = "user_2"; });
    change([](FetchResult& f) { f.entries[0].external = true; });
    change([](FetchResult& f) { std::swap(f.entries[0], f.entries[1]); });
    change([](FetchResult& f) { f.summary.revision = 8; });
    change([](FetchResult& f) { f.summary.revision.reset(); });
    change([](FetchResult& f) { f.summary.etag = "\"r7\""; });
    change([](FetchResult& f) { f.summary.left_out = 1; });
}

TEST(refresh_roster_update, one_that_began_before_the_stored_one_is_dropped) {
    const Moment early = folder.now;
    folder.tick(1ns);
    store(complete({entry("alice")}));
    folder.tick(1s);
    CHECK_TRUE(kind_of(folder.update(complete({entry("mallory")}), early)) == Kind::superseded);
    CHECK_TRUE(kind_of(folder.update(not_modified(), early)) == Kind::superseded);
    CHECK_FALSE(folder.stored()->snapshot.find_login("mallory").has_value());
}

TEST(refresh_roster_update, one_that_began_with_the_stored_ones_extension_is_compared_with_that) {
    store(complete({entry("alice")}));
    folder.tick(5s);
    const Moment early = folder.now;
    folder.tick(5s);
    CHECK_TRUE(kind_of(folder.update(complete({entry("alice")}))) == Kind::extended);
    CHECK_TRUE(kind_of(folder.update(complete({entry("bob")}), early)) == Kind::superseded);
}

TEST(refresh_roster_update, a_stored_stamp_from_the_future_supersedes_nothing) {
    folder.tick(1h);
    store(complete({entry("alice")}));
    folder.tick(-1h);
    CHECK_TRUE(kind_of(folder.update(complete({entry("bob")}))) == Kind::written);
}

TEST(refresh_roster_update, an_older_revision_is_refused_within_stale_for) {
    store(complete({entry("alice")}, 7));
    folder.tick(*folder.config.stale_for);
    const auto update = folder.update(complete({entry("bob")}, 6));
    CHECK_TRUE(kind_of(update) == Kind::refused);
    TEXT_CONTAINS("revision 6 is older than 7", update->message);
    TEXT_CONTAINS("--accept-older", update->message);
    folder.entry("alice");
    CHECK_TRUE(age() == *folder.config.stale_for);
}

TEST(refresh_roster_update, an_older_revision_is_taken_beyond_stale_for) {
    store(complete({entry("alice")}, 7));
    folder.tick(*folder.config.stale_for + 1ns);
    store(complete({entry("bob")}, 6));
}

TEST(refresh_roster_update, an_older_revision_is_taken_where_somebody_says_so) {
    store(complete({entry("alice")}, 7));
    folder.accept_older = true;
    store(complete({entry("bob")}, 6));
    folder.accept_older = false;
    CHECK_TRUE(kind_of(folder.update(complete({entry("bob")}, 6))) == Kind::extended);
}

TEST(refresh_roster_update, the_same_revision_or_none_is_compared_with_nothing) {
    store(complete({entry("alice")}, 7));
    store(complete({entry("bob")}, 7));
    store(complete({entry("alice")}));
    store(complete({entry("bob")}, 0));
    store(complete({entry("alice")}, std::int64_t{1} << 40));
}

TEST(refresh_roster_update, not_modified_extends_only_what_was_asked_for) {
    auto fetched = complete({entry("alice", 10001)}, 7);
    fetched.summary.etag = "\"r7\"";
    store(fetched);
    folder.tick(10s);
    for (const auto* etag : {"", "\"r6\"", "\"r77\"", "\"r7"}) {
        folder.asked_with = etag;
        const auto update = folder.update(not_modified());
        CHECK_TRUE(kind_of(update) == Kind::refused);
        TEXT_CONTAINS("no condition", update->message);
        CHECK_TRUE(age() == Nanoseconds(10s));
    }
    folder.asked_with = "\"r7\"";
    const auto before = folder.inode();
    CHECK_TRUE(kind_of(folder.update(not_modified())) == Kind::extended);
    LONGS_EQUAL(before, folder.inode());
    CHECK_TRUE(age() == 0ns);
}

TEST(refresh_roster_update, not_modified_needs_a_question_even_where_no_etag_is_stored) {
    store(complete({entry("alice", 10001)}));
    folder.tick(10s);
    CHECK_TRUE(kind_of(folder.update(not_modified())) == Kind::refused);
    CHECK_TRUE(age() == Nanoseconds(10s));
}

TEST(refresh_roster_update, not_modified_without_a_roster_is_refused) {
    CHECK_TRUE(kind_of(folder.update(not_modified())) == Kind::refused);
    folder.asked_with = "\"r7\"";
    CHECK_TRUE(kind_of(folder.update(not_modified())) == Kind::refused);
    CHECK_FALSE(exists(folder.paths().stamp()));
}

TEST(refresh_roster_update, a_roster_without_entries_is_refused_whoever_lets_it_pass) {
    CHECK_TRUE(kind_of(folder.update(complete({}))) == Kind::refused);
    CHECK_FALSE(exists(folder.paths().snapshot));
    store(complete({entry("alice")}));
    const auto update = folder.update(complete({}));
    CHECK_TRUE(kind_of(update) == Kind::refused);
    TEXT_CONTAINS("no entries", update->message);
    folder.entry("alice");
}

TEST(refresh_roster_update, a_damaged_stored_file_is_replaced) {
    store(complete({entry("alice", 10001)}, 7));
    const auto good = read_file(folder.paths().snapshot);
    for (const std::size_t at : {std::size_t{0}, std::size_t{2048 + 30}, good.size() - 5}) {
        auto bad = good;
        bad[at] = static_cast<char>(bad[at] ^ 1);
        write_file(folder.paths().snapshot, bad);
        folder.tick(1s);
        // Even of an older revision: what cannot be believed is compared with nothing.
        store(complete({entry("alice", 10001)}, 5));
        folder.entry("alice");
    }
    for (const std::size_t length : {std::size_t{0}, std::size_t{100}, good.size() - 1}) {
        write_file(folder.paths().snapshot, good.substr(0, length));
        folder.tick(1s);
        store(complete({entry("alice", 10001)}, 7));
        folder.entry("alice");
    }
}

TEST(refresh_roster_update, a_damaged_file_is_kept_alive_by_no_not_modified) {
    auto fetched = complete({entry("alice", 10001)}, 7);
    fetched.summary.etag = "\"r7\"";
    store(fetched);
    auto bad = read_file(folder.paths().snapshot);
    bad[2060] = static_cast<char>(bad[2060] ^ 1);
    write_file(folder.paths().snapshot, bad);
    folder.asked_with = "\"r7\"";
    CHECK_TRUE(kind_of(folder.update(not_modified())) == Kind::refused);
}

TEST(refresh_roster_update, another_base_urls_roster_is_replaced) {
    store(complete({entry("alice")}, 7));
    folder.config.base_url = "file:///other.json";
    store(complete({entry("bob")}, 3));
    CHECK_FALSE(folder.stored()->snapshot.find_login("alice").has_value());
}

TEST(refresh_roster_update, a_stamp_that_cannot_be_written_loses_no_new_roster) {
    make_directory(folder.paths().stamp());
    const auto update = folder.update(complete({entry("alice")}));
    CHECK_TRUE(kind_of(update) == Kind::written);
    TEXT_CONTAINS(".stamp", update->message);
    folder.tick(1s);
    CHECK_TRUE(age() == Nanoseconds(1s));
    CHECK_FALSE(folder.update(complete({entry("alice")})).has_value());
}

// ---- a revision that cannot be true, or an older one: what it does not contain counts
// ------------

TEST(refresh_roster_update, a_revision_far_ahead_is_refused) {
    store(complete({entry("alice"), entry("bob")}, 7));
    const auto update = folder.update(complete({entry("mallory")}, INT64_MAX));
    CHECK_TRUE(kind_of(update) == Kind::refused);
    STRCMP_CONTAINS("revision 9223372036854775807 cannot follow 7", update->message.c_str());
    LONGS_EQUAL(7, folder.stored()->snapshot.header().revision);
    store(complete({entry("alice")}, 8));
}

TEST(refresh_roster_update, times_are_revisions_too) {
    constexpr std::int64_t month = std::int64_t{30} * 86'400;
    const std::int64_t then = folder.now.realtime / 1'000'000'000 - month;
    for (const std::int64_t per_second : {1'000, 1'000'000, 1'000'000'000}) {
        folder.accept_older = true;  // another unit is another numbering
        store(complete({entry("alice"), entry("bob")}, then * per_second));
        folder.accept_older = false;
        store(complete({entry("alice")}, (then + month) * per_second));
        CHECK_TRUE(kind_of(folder.update(complete({entry("bob")}, INT64_MAX))) == Kind::refused);
    }
}

TEST(refresh_roster_update, a_first_revision_may_be_any) {
    store(complete({entry("alice")}, INT64_MAX));
}

TEST(refresh_roster_update, who_is_missing_from_an_older_roster_is_let_in_by_neither) {
    store(complete({entry("alice", 10001), entry("bob", 10002)}, INT64_MAX));
    folder.tick(31s);
    const auto update = folder.update(complete({entry("alice", 10001), entry("carol")}, 8));
    CHECK_TRUE(kind_of(update) == Kind::refused);
    STRCMP_CONTAINS("those whom the authority's answer does not have (1) get in no longer",
                    update->message.c_str());
    CHECK_TRUE(folder.has("alice"));
    CHECK_FALSE(folder.has("bob"));
    CHECK_FALSE(folder.has("carol"));
}

TEST(refresh_roster_update, such_a_roster_is_no_younger_and_is_asked_for_unconditionally) {
    FetchResult first = complete({entry("alice"), entry("bob")}, 9);
    first.summary.etag = "\"r9\"";
    store(std::move(first));
    folder.tick(31s);
    CHECK_TRUE(kind_of(folder.update(complete({entry("alice")}, 8))) == Kind::refused);
    CHECK_TRUE(age() == Nanoseconds(31s));
    LONGS_EQUAL(9, folder.stored()->snapshot.header().revision);
    CHECK_EQUAL('\0', folder.stored()->snapshot.header().etag[0]);
}

TEST(refresh_roster_update, a_replica_that_lags_takes_nobody_out) {
    store(complete({entry("alice"), entry("bob")}, 9));
    folder.tick(30s);
    CHECK_TRUE(kind_of(folder.update(complete({entry("alice")}, 8))) == Kind::refused);
    CHECK_TRUE(folder.has("bob"));
}

TEST(refresh_roster_update, the_lower_role_of_the_two_holds) {
    RosterEntry admin = entry("alice");
    admin.role = "admin";
    RosterEntry other_admin = entry("bob");
    store(complete({admin, other_admin}, 9));
    folder.tick(31s);
    other_admin.role = "admin";
    CHECK_TRUE(kind_of(folder.update(complete({entry("alice"), other_admin}, 8))) == Kind::refused);
    STRCMP_EQUAL("member", folder.entry("alice").role.c_str());
    STRCMP_EQUAL("member", folder.entry("bob").role.c_str());
}

TEST(refresh_roster_update, a_login_that_is_somebody_elses_by_now_is_nobodys) {
    store(complete({entry("alice", 10001), entry("bob", 10002), entry("carol", 10003)}, 9));
    folder.tick(31s);
    RosterEntry another = entry("alice", 10001);
    another.user_id = "user_another";
    CHECK_TRUE(kind_of(folder.update(
                   complete({another, entry("bob", 10009), entry("carol")}, 8))) == Kind::refused);
    CHECK_FALSE(folder.has("alice"));
    CHECK_FALSE(folder.has("bob"));
    CHECK_TRUE(folder.has("carol"));
}

TEST(refresh_roster_update, another_roster_altogether_is_not_believed_to_remove_everybody) {
    store(complete({entry("alice")}, 9));
    folder.tick(31s);
    CHECK_TRUE(kind_of(folder.update(complete({entry("dave")}, 8))) == Kind::refused);
    CHECK_TRUE(folder.has("alice"));
}

TEST(refresh_roster_update, who_shared_a_login_is_not_let_in_by_it) {
    RosterEntry second = entry("alice");
    second.user_id = "user_second";
    store(complete({entry("alice"), second, entry("bob"), entry("carol")}, 9));
    folder.tick(31s);
    CHECK_TRUE(kind_of(folder.update(complete({entry("alice"), entry("bob")}, 8))) ==
               Kind::refused);
    CHECK_FALSE(folder.has("alice"));
    CHECK_TRUE(folder.has("bob"));
}

TEST(refresh_roster_update, an_older_revision_is_refused_for_a_day_at_most) {
    folder.config.stale_for = std::nullopt;  // for ever
    store(complete({entry("alice")}, 9));
    folder.tick(24h - 1s);
    CHECK_TRUE(kind_of(folder.update(complete({entry("alice"), entry("bob")}, 8))) ==
               Kind::refused);
    folder.tick(2s);
    store(complete({entry("alice"), entry("bob")}, 8));
}
