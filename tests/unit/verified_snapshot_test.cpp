// SPDX-License-Identifier: Apache-2.0
// What a watcher believes of a snapshot that it has read before.
#include "together_refresh/update/verified_snapshot.h"

#include <CppUTest/TestHarness.h>

#include "tests/unit/support/fake_clock.h"
#include "tests/unit/support/files.h"
#include "tests/unit/support/roster_folder.h"

using namespace together;
using namespace std::chrono_literals;

TEST_GROUP(verified_snapshot) {
    RosterFolder roster;
    FakeClock clock;
    VerifiedSnapshot verified{clock};

    void setup() override {
        roster.write();
        it_is_after_the_change(10s);
    }
    void it_is_after_the_change(Nanoseconds time) {
        const std::chrono::seconds changed(roster.open()->status().st_ctim.tv_sec);
        clock.step(changed + time - Nanoseconds(clock.now().realtime));
    }
    // A byte of the records, in place.
    void damage() const {
        auto text = read_file(roster.path());
        text[2100] = static_cast<char>(text[2100] ^ 1);
        write_file(roster.path(), text);
    }
};

TEST(verified_snapshot, is_read_once_while_nobody_writes_into_it) {
    const auto opened = roster.open();
    CHECK_TRUE(verified.is_intact(*opened));
    damage();
    CHECK_TRUE(verified.is_intact(*opened));
    CHECK_FALSE(verified.is_intact(*roster.open()));
    CHECK_FALSE(verified.is_intact(*opened));
}

TEST(verified_snapshot, is_read_again_once_an_hour) {
    const auto opened = roster.open();
    CHECK_TRUE(verified.is_intact(*opened));
    damage();
    clock.tick(1h - 1ns);
    CHECK_TRUE(verified.is_intact(*opened));
    clock.tick(1ns);
    CHECK_FALSE(verified.is_intact(*opened));
}

TEST(verified_snapshot, is_read_again_where_a_change_would_leave_no_trace_yet) {
    for (const auto& age : {-10s, 0s, 2s}) {
        roster.write();
        it_is_after_the_change(age);
        const auto opened = roster.open();
        CHECK_TRUE(verified.is_intact(*opened));
        damage();
        CHECK_FALSE(verified.is_intact(*opened));
    }
}

TEST(verified_snapshot, is_read_where_it_was_replaced) {
    CHECK_TRUE(verified.is_intact(*roster.open()));
    roster.content.entries.pop_back();
    roster.write();
    damage();
    it_is_after_the_change(10s);
    CHECK_FALSE(verified.is_intact(*roster.open()));
}

TEST(verified_snapshot, tells_whom_to_look_up) {
    roster.content.entries.clear();
    for (const auto source : {UidSource::none, UidSource::authority, UidSource::node}) {
        RosterEntry entry;
        entry.login = "login" + std::to_string(static_cast<int>(source));
        entry.user_id = "user_" + entry.login;
        entry.role = "member";
        entry.uid = source == UidSource::none ? 0 : 20000 + static_cast<uid_t>(source);
        entry.uid_source = source;
        roster.content.entries.push_back(entry);
    }
    for (int round = 0; round < 2; ++round) {
        roster.write();
        const auto opened = roster.open();
        CHECK_TRUE(verified.is_intact(*opened));
        const auto& logins = verified.logins_to_look_up(*opened);
        LONGS_EQUAL(round == 0 ? 1 : 0, logins.without_uid.size());
        LONGS_EQUAL(1, logins.with_the_nodes_uid.size());
        CHECK_TRUE(logins.with_the_nodes_uid.front() == "login2");
        roster.content.entries.erase(roster.content.entries.begin());
        roster.content.entries.push_back(roster.content.entries.front());
        roster.content.entries.back().login = "login9";
        roster.content.entries.back().user_id = "user_9";
        roster.content.entries.back().uid = 20009;
    }
}
