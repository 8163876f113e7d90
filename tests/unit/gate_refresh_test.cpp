// SPDX-License-Identifier: Apache-2.0
// What a refresh did and did not do, and damaged snapshots.
#include <CppUTest/TestHarness.h>

#include "common/decision/explanation.h"
#include "tests/unit/support/gate_test.h"

using namespace together;
using namespace std::chrono_literals;

struct GateRefreshGroup : GateTest {
    // Changes a byte of the database, where the tables of another login or uid point to.
    void damage() const {
        auto text = read_file(roster.path());
        for (std::size_t offset = 0; offset < 2048; offset += 8)
            text[offset] = static_cast<char>(text[offset] ^ 1);
        write_file(roster.path(), text);
        TEXT_EQUAL("", roster.problem());  // only the whole tells
    }
};

TEST_GROUP_BASE(gate_refresh, GateRefreshGroup){};

// A request takes time, and age runs from when it was sent: an answer of three seconds is three
// seconds old, but new.
TEST(gate_refresh, that_took_longer_than_recheck_after_was_not_in_vain) {
    clock.tick(3s);
    refresher.problem.clear();
    refresher.script = [this] {
        roster.write(clock.now());
        clock.tick(2500ms);
    };
    const auto decision = decide("mallory");
    DECIDED(deny, not_a_collaborator, decision);
    CHECK_TRUE(decision.evidence == Evidence::refreshed);
    CHECK_TRUE(decision.age == Nanoseconds(2500ms));
    CHECK_TRUE(message_for_user(decision).find("does not answer") == std::string::npos);
}

TEST(gate_refresh, with_a_fresh_for_of_0_was_not_in_vain) {
    config.fresh_for = 0s;
    clock.tick(1s);
    refresher.problem.clear();
    refresher.script = [this] {
        roster.write(clock.now());
        clock.tick(20ms);
    };
    const auto decision = decide("alice");
    DECIDED(allow, role_permits, decision);
    CHECK_TRUE(decision.evidence == Evidence::refreshed);
}

TEST(gate_refresh, is_asked_for_once_in_a_decision) {
    std::filesystem::remove(roster.path());
    decide("alice");
    LONGS_EQUAL(1, refresher.asked);
    clock.tick(25h);
    decide("alice");
    LONGS_EQUAL(2, refresher.asked);
}

TEST(gate_refresh, cures_a_damaged_snapshot) {
    damage();
    let_refresh_succeed();
    const auto decision = decide("alice");
    DECIDED(allow, role_permits, decision);
    CHECK_TRUE(decision.evidence == Evidence::refreshed);
    LONGS_EQUAL(1, refresher.asked);
}

TEST(gate_refresh, of_a_damaged_snapshot_is_for_one_that_is_newer) {
    damage();
    decide("alice");
    CHECK_TRUE(refresher.seen == roster.content.validated);
}

TEST(gate_refresh, that_fails_leaves_a_damaged_snapshot_unusable) {
    damage();
    for (const char* login : {"alice", "bob", "mallory"}) {
        const auto decision = decide(login);
        DECIDED(unavailable, no_roster, decision);
        CHECK_TRUE(decision.evidence == Evidence::none);
        TEXT_EQUAL("the snapshot of the roster is damaged", decision.detail);
        CHECK_FALSE(decision.age.has_value());
    }
    DECIDED(unavailable, no_roster, decide_uid(10001));
}

TEST(gate_refresh, that_removes_the_roster_leaves_none) {
    clock.tick(31s);
    refresher.script = [this] { std::filesystem::remove(roster.path()); };
    DECIDED(unavailable, no_roster, decide("alice"));
}

TEST(gate_refresh, that_brings_an_empty_roster_denies) {
    clock.tick(31s);
    roster.content.entries.clear();
    let_refresh_succeed();
    DECIDED(deny, not_a_collaborator, decide("alice"));
}

TEST(gate_refresh, concludes_nothing_from_what_the_refresher_says) {
    clock.tick(25h);
    refresher.problem.clear();
    DECIDED(unavailable, roster_too_old, decide("alice"));
}

TEST(gate_refresh, is_never_asked_for_by_who_may_not) {
    refresher.is_permitted = false;
    damage();
    const auto decision = decide("alice");
    DECIDED(unavailable, no_roster, decision);
    CHECK_FALSE(decision.asked);
    LONGS_EQUAL(0, refresher.asked);
}
