// SPDX-License-Identifier: Apache-2.0
// Where uids come from when the authority sends none, and what two entries share.
#include <CppUTest/TestHarness.h>

#include "tests/unit/support/roster_updates.h"
#include "tests/unit/support/texts.h"
#include "together_refresh/source/roster_document.h"

using namespace together;
using namespace std::chrono_literals;
using Kind = Update::Kind;

namespace {

using Uids = std::vector<std::pair<std::string, uid_t>>;

RosterEntry entry(const std::string& login, std::optional<uid_t> uid = std::nullopt) {
    RosterEntry result;
    result.login = login;
    result.user_id = "user_" + login;
    result.role = "member";
    result.uid = uid.value_or(0);
    result.uid_source = uid ? UidSource::authority : UidSource::none;
    return result;
}

FetchResult fetched(std::vector<RosterEntry> entries, Uids uids = {}) {
    FetchResult result;
    result.summary.outcome = FetchOutcome::complete;
    result.summary.etag = "\"r7\"";
    result.entries = std::move(entries);
    result.uids = std::move(uids);
    return result;
}

FetchResult not_modified(Uids uids) {
    FetchResult result;
    result.summary.outcome = FetchOutcome::not_modified;
    result.uids = std::move(uids);
    return result;
}

}  // namespace

TEST_GROUP(refresh_uids) {
    UpdatedFolder folder;

    void setup() override {
        folder.asked_with = "\"r7\"";
    }

    Kind update(FetchResult result) {
        folder.tick(1s);
        const auto update = folder.update(std::move(result));
        if (!update) FAIL(update.error().message.c_str());
        return update->kind;
    }
    void has(const std::string& login, uid_t uid, UidSource source) {
        const auto found = folder.entry(login);
        CHECK_TRUE(found.uid_source == source);
        LONGS_EQUAL(uid, found.uid);
        const auto by_uid = folder.stored()->snapshot.find_uid(uid);
        CHECK_TRUE(by_uid.has_value());
        TEXT_EQUAL(login, by_uid->login);
    }
    void has_none(const std::string& login) {
        CHECK_TRUE(folder.entry(login).uid_source == UidSource::none);
    }
    bool knows(uid_t uid) {
        return folder.stored()->snapshot.find_uid(uid).has_value();
    }
};

TEST(refresh_uids, the_nodes_uid_fills_in_where_the_authority_sent_none) {
    update(fetched({entry("alice"), entry("bob", 10002), entry("carol")},
                   {{"alice", 20001}, {"bob", 666}, {"nobody-asked", 667}}));
    has("alice", 20001, UidSource::node);
    has("bob", 10002, UidSource::authority);
    has_none("carol");
    LONGS_EQUAL(1, folder.stored()->snapshot.header().without_uid);
    CHECK_FALSE(knows(666) || knows(667) || knows(0));
}

TEST(refresh_uids, a_slow_name_service_takes_no_uid_away) {
    update(fetched({entry("alice")}, {{"alice", 20001}}));
    CHECK_TRUE(update(fetched({entry("alice")})) == Kind::extended);
    has("alice", 20001, UidSource::node);
    CHECK_TRUE(update(fetched({entry("alice"), entry("bob")})) == Kind::written);
    has("alice", 20001, UidSource::node);
}

TEST(refresh_uids, a_new_answer_counts_more_than_the_last_one) {
    update(fetched({entry("alice")}, {{"alice", 20001}}));
    update(fetched({entry("alice")}, {{"alice", 20002}}));
    has("alice", 20002, UidSource::node);
    CHECK_FALSE(knows(20001));
}

// An account was removed, and its uid may be the next one's.
TEST(refresh_uids, of_an_account_that_is_gone_is_taken_away) {
    update(fetched({entry("alice"), entry("bob")}, {{"alice", 20001}, {"bob", 20002}}));
    update(fetched({entry("alice"), entry("bob")}, {{"alice", no_uid}}));
    has_none("alice");
    CHECK_FALSE(knows(20001));
    has("bob", 20002, UidSource::node);
    CHECK_TRUE(update(not_modified({{"bob", no_uid}})) == Kind::written);
    has_none("bob");
    CHECK_FALSE(knows(20002));
}

TEST(refresh_uids, of_an_account_that_has_another_now) {
    update(fetched({entry("alice"), entry("bob")}, {{"alice", 20001}, {"bob", 20002}}));
    CHECK_TRUE(update(not_modified({{"alice", 20003}})) == Kind::written);
    has("alice", 20003, UidSource::node);
    has("bob", 20002, UidSource::node);
    CHECK_FALSE(knows(20001));
}

TEST(refresh_uids, that_are_as_they_were_cost_no_new_file) {
    update(fetched({entry("alice"), entry("bob"), entry("carol", 10003)}, {{"alice", 20001}}));
    CHECK_TRUE(update(not_modified({{"alice", 20001}, {"bob", no_uid}, {"carol", 666}})) ==
               Kind::extended);
}

TEST(refresh_uids, a_uid_that_the_authority_took_back_is_not_carried_over) {
    update(fetched({entry("alice", 10001)}));
    update(fetched({entry("alice")}));
    has_none("alice");
}

TEST(refresh_uids, another_login_does_not_inherit_one) {
    update(fetched({entry("alice")}, {{"alice", 20001}}));
    update(fetched({entry("bob")}));
    has_none("bob");
    CHECK_FALSE(knows(20001));
}

TEST(refresh_uids, not_modified_fills_in_what_is_known_by_now) {
    update(fetched({entry("alice"), entry("bob", 10002), entry("carol")}));
    CHECK_TRUE(update(not_modified({{"alice", 20001}, {"bob", 666}})) == Kind::written);
    has("alice", 20001, UidSource::node);
    has("bob", 10002, UidSource::authority);
    has_none("carol");
    TEXT_EQUAL("\"r7\"", folder.stored()->snapshot.header().etag.data());
    CHECK_TRUE(update(not_modified({})) == Kind::extended);
    CHECK_TRUE(folder.stored()->age.value == 0ns);
    has("alice", 20001, UidSource::node);
}

TEST(refresh_uids, not_modified_loses_no_one_of_two_that_share_a_login) {
    update(fetched({entry("alice", 10001), entry("alice", 10002), entry("carol")}));
    CHECK_TRUE(update(not_modified({{"carol", 20003}})) == Kind::extended);
    CHECK_TRUE(folder.entry("alice").login_shared);
    CHECK_TRUE(folder.stored()->snapshot.find_uid(10002)->login_shared);
}

TEST(refresh_uids, two_entries_with_one_login_are_marked) {
    update(fetched({entry("alice", 10001), entry("bob", 10002), entry("alice", 10003)}));
    CHECK_TRUE(folder.entry("alice").login_shared);
    CHECK_FALSE(folder.entry("bob").login_shared || folder.entry("bob").uid_shared);
    for (const uid_t uid : {10001U, 10003U})
        CHECK_TRUE(folder.stored()->snapshot.find_uid(uid)->login_shared);
}

TEST(refresh_uids, two_entries_with_one_uid_are_marked_wherever_it_came_from) {
    update(fetched({entry("alice", 10001), entry("bob"), entry("carol", 10003)}, {{"bob", 10001}}));
    CHECK_TRUE(folder.entry("alice").uid_shared);
    CHECK_TRUE(folder.entry("bob").uid_shared);
    CHECK_FALSE(folder.entry("carol").uid_shared);
    CHECK_TRUE(folder.stored()->snapshot.find_uid(10001)->uid_shared);
}

TEST(refresh_uids, entries_without_a_uid_share_none) {
    update(fetched({entry("alice"), entry("bob"), entry("root", 0)}));
    CHECK_FALSE(folder.entry("alice").uid_shared || folder.entry("root").uid_shared);
}

TEST(refresh_uids, two_logins_that_carry_over_share_as_well) {
    update(fetched({entry("alice"), entry("bob")}, {{"alice", 20001}}));
    update(fetched({entry("alice"), entry("bob", 20001)}));
    CHECK_TRUE(folder.entry("alice").uid_shared);
    CHECK_TRUE(folder.entry("bob").uid_shared);
}
