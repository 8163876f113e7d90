// SPDX-License-Identifier: Apache-2.0
// The roster's age whatever the clocks do: steps, another boot, stamps from the future.
#include <CppUTest/TestHarness.h>

#include "common/decision/explanation.h"
#include "tests/unit/support/gate_test.h"

using namespace together;
using namespace std::chrono_literals;

struct GateClockGroup : GateTest {
    Evidence evidence(const std::string& login = "alice") { return decide(login).evidence; }
};

TEST_GROUP_BASE(gate_clock, GateClockGroup){};

TEST(gate_clock, a_step_forward_makes_nothing_old) {
    clock.tick(30s);
    clock.step(24h * 365);
    CHECK_TRUE(evidence() == Evidence::fresh);
    clock.tick(1ns);
    CHECK_TRUE(evidence() == Evidence::old);
    CHECK_TRUE(decide("alice").allowed());
}

TEST(gate_clock, a_step_back_makes_nothing_young) {
    clock.tick(24h + 1ns);
    clock.step(-24h);
    DECIDED(unavailable, roster_too_old, decide("alice"));
}

TEST(gate_clock, a_reboot_counts_by_wall_clock) {
    clock.tick(30s);
    clock.reboot();
    CHECK_TRUE(evidence() == Evidence::fresh);
    clock.tick(1ns);
    CHECK_TRUE(evidence() == Evidence::old);
    clock.tick(24h);
    DECIDED(unavailable, roster_too_old, decide("alice"));
}

TEST(gate_clock, another_time_namespace_counts_by_wall_clock) {
    clock.tick(10s);
    clock.enter_time_namespace(24h * 30);
    CHECK_TRUE(evidence() == Evidence::fresh);
    clock.tick(20s + 1ns);
    CHECK_TRUE(evidence() == Evidence::old);
}

TEST(gate_clock, a_node_that_came_up_in_the_past_asks_and_decides_from_what_it_has) {
    clock.reboot();
    clock.step(-24h * 365);
    const auto decision = decide("alice");
    DECIDED(allow, role_permits, decision);
    LONGS_EQUAL(1, refresher.asked);
    CHECK_TRUE(decision.evidence == Evidence::old);
    CHECK_TRUE(decision.age_uncertain);
    DECIDED(deny, not_a_collaborator, decide("mallory"));
}

// What stale_for promises holds without a clock that is right: the time since boot is a lower
// bound.
TEST(gate_clock, a_node_that_came_up_in_the_past_believes_no_longer_than_stale_for) {
    clock.reboot();  // ten seconds ago
    clock.step(-24h * 365);
    clock.tick(24h - 10s);
    const auto last = decide("alice");
    DECIDED(allow, role_permits, last);
    CHECK_TRUE(last.age == Nanoseconds(24h));
    clock.tick(1ns);
    const auto decision = decide("alice");
    DECIDED(unavailable, roster_too_old, decision);
    CHECK_TRUE(decision.age_uncertain);
    TEXT_CONTAINS("at least 24h old (this node's clock was set back)", message_for_user(decision));
    DECIDED(unavailable, roster_too_old, decide("mallory"));
}

TEST(gate_clock, a_node_that_knows_no_boot_has_no_lower_bound) {
    clock.lose_the_boot_id();
    clock.step(-24h * 365);
    clock.tick(48h);
    DECIDED(allow, role_permits, decide("alice"));
}

TEST(gate_clock, a_node_that_came_up_in_the_past_is_cured_by_a_refresh) {
    clock.reboot();
    clock.step(-24h * 365);
    let_refresh_succeed();
    const auto decision = decide("alice");
    CHECK_TRUE(decision.evidence == Evidence::refreshed);
    CHECK_FALSE(decision.age_uncertain);
    CHECK_TRUE(decision.age == Nanoseconds(0));
}

// fresh_for and stale_for may be the same; a stamp from the future is to be asked for, and used.
TEST(gate_clock, a_stamp_from_the_future_is_used_whatever_stale_for_is) {
    config.fresh_for = 10s;
    config.stale_for = 10s;
    clock.reboot();
    clock.step(-1h);
    const auto decision = decide("alice");
    DECIDED(allow, role_permits, decision);
    LONGS_EQUAL(1, refresher.asked);
}

TEST(gate_clock, a_stamp_of_this_boot_beats_a_snapshot_from_the_future) {
    const auto digest = roster.write(clock.now());
    clock.reboot();
    clock.step(-24h * 365);
    roster.stamp(clock.now(), digest);
    CHECK_TRUE(evidence() == Evidence::fresh);
    clock.tick(24h);
    DECIDED(allow, role_permits, decide("alice"));
    CHECK_FALSE(decide("alice").age_uncertain);
    // Not for ever: a removed collaborator is refused after stale_for at the latest.
    clock.tick(1ns);
    DECIDED(unavailable, roster_too_old, decide("alice"));
}

TEST(gate_clock, where_nothing_is_known_of_the_boot_counts_by_wall_clock) {
    clock.lose_the_boot_id();
    roster.write(clock.now());
    clock.step(30s);
    CHECK_TRUE(evidence() == Evidence::fresh);
    clock.step(1ns);
    CHECK_TRUE(evidence() == Evidence::old);
}
