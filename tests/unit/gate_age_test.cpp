// SPDX-License-Identifier: Apache-2.0
// The rows of docs/decision-table.md about the roster's age: just before, at and just after each
// bound.
#include <CppUTest/TestHarness.h>

#include "common/roster/last_attempt.h"
#include "tests/unit/support/gate_test.h"

using namespace together;
using namespace std::chrono_literals;

struct GateAgeGroup : GateTest {
    void evidence_is(Evidence evidence, const Decision& decision) const {
        TEXT_EQUAL(name_of(evidence), name_of(decision.evidence));
    }
    // Decides from what is there, without asking.
    void is_fresh(const Decision& decision) {
        evidence_is(Evidence::fresh, decision);
        LONGS_EQUAL(0, refresher.asked);
        CHECK_FALSE(decision.asked);
    }
    void was_asked_in_vain(const Decision& decision) {
        evidence_is(Evidence::old, decision);
        LONGS_EQUAL(1, refresher.asked);
        CHECK_TRUE(decision.asked);
        TEXT_EQUAL("the authority does not answer", decision.refresh_problem);
    }
};

TEST_GROUP_BASE(gate_age, GateAgeGroup){};

TEST(gate_age, on_the_roster_and_validated_just_now) {
    const auto decision = decide("alice");
    DECIDED(allow, role_permits, decision);
    is_fresh(decision);
    CHECK_TRUE(decision.age == Nanoseconds(0));
    LONGLONGS_EQUAL(7, *decision.revision);
    CHECK_TRUE(decision.role == Role::admin);
    LONGS_EQUAL(10001, *decision.uid);
}

TEST(gate_age, on_the_roster_just_before_fresh_for) {
    clock.tick(30s - 1ns);
    const auto decision = decide("alice");
    DECIDED(allow, role_permits, decision);
    is_fresh(decision);
}

TEST(gate_age, on_the_roster_at_fresh_for) {
    clock.tick(30s);
    const auto decision = decide("alice");
    DECIDED(allow, role_permits, decision);
    is_fresh(decision);
}

TEST(gate_age, on_the_roster_just_after_fresh_for) {
    clock.tick(30s + 1ns);
    const auto decision = decide("alice");
    DECIDED(allow, role_permits, decision);
    was_asked_in_vain(decision);
    CHECK_TRUE(decision.age == 30s + 1ns);
}

// ---- this node cannot take an answer: who uses it up must not stay in for as long --------------

TEST(gate_age, at_local_fault_for_the_roster_still_decides) {
    refresher.node_fault = true;
    clock.tick(15min);
    DECIDED(allow, role_permits, decide("alice"));
    DECIDED(deny, not_a_collaborator, decide("mallory"));
}

TEST(gate_age, after_local_fault_for_nobody_can_tell) {
    refresher.node_fault = true;
    clock.tick(15min + 1ns);
    for (const char* login : {"alice", "mallory"}) {
        const auto decision = decide(login);
        DECIDED(unavailable, node_fault, decision);
        TEXT_EQUAL("the authority does not answer", decision.refresh_problem);
    }
}

TEST(gate_age, a_silent_authority_is_no_fault_of_the_node) {
    clock.tick(15min + 1ns);
    DECIDED(allow, role_permits, decide("alice"));
}

TEST(gate_age, a_refresh_that_brings_a_roster_decides_whatever_was_said) {
    refresher.node_fault = true;
    clock.tick(1h);
    let_refresh_succeed();
    DECIDED(allow, role_permits, decide("alice"));
}

TEST(gate_age, a_roster_that_is_fresh_by_configuration_is_not_asked_about) {
    config.fresh_for = 1h;
    refresher.node_fault = true;
    clock.tick(30min);
    DECIDED(allow, role_permits, decide("alice"));
}

TEST(gate_age, who_may_not_refresh_goes_by_the_last_attempt) {
    refresher.is_permitted = false;
    LastAttempt attempt;
    attempt.outcome = RefreshOutcome::node_fault;
    attempt.message = "no space";
    attempt.attempted = clock.now();
    clock.tick(16min);
    DECIDED(allow, role_permits, decide_uid(10001));  // no attempt is recorded
    attempt.attempted = clock.now();
    CHECK_TRUE(write_last_attempt(RosterPaths(config), attempt).has_value());
    const auto decision = decide_uid(10001);
    DECIDED(unavailable, node_fault, decision);
    TEXT_EQUAL("no space", decision.refresh_problem);
    clock.tick(15min);
    DECIDED(unavailable, node_fault, decide_uid(10001));
    clock.tick(1ns);  // long past, it says nothing about an authority that may be away
    DECIDED(allow, role_permits, decide_uid(10001));
    attempt.attempted = clock.now();
    attempt.outcome = RefreshOutcome::no_answer;
    CHECK_TRUE(write_last_attempt(RosterPaths(config), attempt).has_value());
    DECIDED(allow, role_permits, decide_uid(10001));
}

TEST(gate_age, an_attempt_of_before_the_roster_says_nothing) {
    refresher.is_permitted = false;
    LastAttempt attempt;
    attempt.outcome = RefreshOutcome::node_fault;
    attempt.attempted = clock.now();
    CHECK_TRUE(write_last_attempt(RosterPaths(config), attempt).has_value());
    clock.tick(1min);
    roster.write(clock.now());
    clock.tick(16min);
    DECIDED(allow, role_permits, decide_uid(10001));
}

TEST(gate_age, on_the_roster_and_refreshed) {
    clock.tick(30s + 1ns);
    let_refresh_succeed();
    const auto decision = decide("alice");
    DECIDED(allow, role_permits, decision);
    evidence_is(Evidence::refreshed, decision);
    TEXT_EQUAL("", decision.refresh_problem);
    CHECK_TRUE(decision.age == Nanoseconds(0));
}

TEST(gate_age, on_the_roster_until_the_refresh_that_removes_them) {
    clock.tick(31s);
    roster.content.entries = {entry("alice", 10001, "admin")};
    roster.content.revision = 8;
    let_refresh_succeed();
    const auto decision = decide("bob");
    DECIDED(deny, not_a_collaborator, decision);
    evidence_is(Evidence::refreshed, decision);
    LONGLONGS_EQUAL(8, *decision.revision);
}

TEST(gate_age, on_the_roster_with_another_role_after_the_refresh) {
    clock.tick(31s);
    roster.content.entries = {entry("alice", 10001, "member")};
    let_refresh_succeed();
    Question question{Subject::of_login("alice")};
    question.require_admin = true;
    DECIDED(deny, admin_required, decide(question));
}

TEST(gate_age, on_the_roster_just_before_and_at_stale_for) {
    clock.tick(24h - 1ns);
    DECIDED(allow, role_permits, decide("alice"));
    clock.tick(1ns);
    const auto decision = decide("alice");
    DECIDED(allow, role_permits, decision);
    evidence_is(Evidence::old, decision);
}

TEST(gate_age, on_the_roster_just_after_stale_for) {
    clock.tick(24h + 1ns);
    const auto decision = decide("alice");
    DECIDED(unavailable, roster_too_old, decision);
    was_asked_in_vain(decision);
    CHECK_TRUE(decision.age == 24h + 1ns);
}

TEST(gate_age, on_the_roster_after_stale_for_and_refreshed) {
    clock.tick(48h);
    let_refresh_succeed();
    DECIDED(allow, role_permits, decide("alice"));
}

TEST(gate_age, on_the_roster_for_ever) {
    config.stale_for.reset();
    clock.tick(24h * 365 * 20);
    const auto decision = decide("alice");
    DECIDED(allow, role_permits, decision);
    was_asked_in_vain(decision);
}

TEST(gate_age, absent_and_validated_just_now) {
    const auto decision = decide("mallory");
    DECIDED(deny, not_a_collaborator, decision);
    is_fresh(decision);
}

TEST(gate_age, absent_just_before_and_at_recheck_after) {
    clock.tick(2s - 1ns);
    is_fresh(decide("mallory"));
    clock.tick(1ns);
    const auto decision = decide("mallory");
    DECIDED(deny, not_a_collaborator, decision);
    is_fresh(decision);
}

TEST(gate_age, absent_just_after_recheck_after) {
    clock.tick(2s + 1ns);
    const auto decision = decide("mallory");
    DECIDED(deny, not_a_collaborator, decision);
    was_asked_in_vain(decision);
}

TEST(gate_age, absent_and_refreshed) {
    clock.tick(2s + 1ns);
    let_refresh_succeed();
    const auto decision = decide("mallory");
    DECIDED(deny, not_a_collaborator, decision);
    evidence_is(Evidence::refreshed, decision);
}

TEST(gate_age, absent_until_the_refresh_that_adds_them) {
    clock.tick(2s + 1ns);
    roster.content.entries.push_back(entry("carol", 10003));
    let_refresh_succeed();
    const auto decision = decide("carol");
    DECIDED(allow, role_permits, decision);
    evidence_is(Evidence::refreshed, decision);
}

TEST(gate_age, absent_at_and_just_after_stale_for) {
    clock.tick(24h);
    DECIDED(deny, not_a_collaborator, decide("mallory"));
    clock.tick(1ns);
    DECIDED(unavailable, roster_too_old, decide("mallory"));
}

TEST(gate_age, absent_for_ever) {
    config.stale_for.reset();
    clock.tick(24h * 365);
    DECIDED(deny, not_a_collaborator, decide("mallory"));
}

TEST(gate_age, absent_within_a_recheck_after_that_is_longer_than_fresh_for) {
    config.recheck_after = 1min;
    clock.tick(1min);
    const auto decision = decide("mallory");
    DECIDED(deny, not_a_collaborator, decision);
    is_fresh(decision);
}

TEST(gate_age, of_0_asks_each_time) {
    config.fresh_for = 0s;
    is_fresh(decide("alice"));
    clock.tick(1ns);
    was_asked_in_vain(decide("alice"));
}

TEST(gate_age, no_roster_and_the_refresh_failed) {
    std::filesystem::remove(roster.path());
    const auto decision = decide("alice");
    DECIDED(unavailable, no_roster, decision);
    evidence_is(Evidence::none, decision);
    CHECK_TRUE(decision.asked);
    CHECK_FALSE(refresher.seen.has_value());
    CHECK_FALSE(decision.age.has_value());
    TEXT_CONTAINS("No such file or directory", decision.detail);
    TEXT_EQUAL("the authority does not answer", decision.refresh_problem);
}

TEST(gate_age, no_roster_until_the_refresh_that_brings_one) {
    std::filesystem::remove(roster.path());
    let_refresh_succeed();
    const auto decision = decide("alice");
    DECIDED(allow, role_permits, decision);
    evidence_is(Evidence::refreshed, decision);
    TEXT_EQUAL("", decision.detail);
}

TEST(gate_age, of_a_roster_that_is_another_projects_does_not_count) {
    const auto written = roster.path();
    config.project = "proj_b";
    std::filesystem::rename(written, roster.path());
    const auto decision = decide("alice");
    DECIDED(unavailable, no_roster, decision);
    TEXT_CONTAINS("is another project's roster", decision.detail);
}

TEST(gate_age, not_permitted_to_refresh_decides_from_what_is_there) {
    refresher.is_permitted = false;
    clock.tick(24h);
    const auto decision = decide("alice");
    DECIDED(allow, role_permits, decision);
    evidence_is(Evidence::old, decision);
    CHECK_FALSE(decision.asked);
    DECIDED(deny, not_a_collaborator, decide("mallory"));
    clock.tick(1ns);
    DECIDED(unavailable, roster_too_old, decide("alice"));
    std::filesystem::remove(roster.path());
    DECIDED(unavailable, no_roster, decide("alice"));
}

TEST(gate_age, asks_for_one_newer_than_the_one_seen) {
    clock.tick(31s);
    decide("alice");
    CHECK_TRUE(refresher.seen == roster.content.validated);
}

TEST(gate_age, is_extended_by_a_stamp) {
    const auto digest = roster.write(clock.now());
    clock.tick(1h);
    roster.stamp(clock.now(), digest);
    clock.tick(30s);
    is_fresh(decide("alice"));
    clock.tick(1ns);
    was_asked_in_vain(decide("alice"));
}

TEST(gate_age, is_measured_from_the_stamp_that_a_refresh_brought) {
    const auto digest = roster.write(clock.now());
    clock.tick(1h);
    refresher.script = [&] { roster.stamp(clock.now(), digest); };
    const auto decision = decide("alice");
    evidence_is(Evidence::refreshed, decision);
    CHECK_TRUE(decision.age == Nanoseconds(0));
    evidence_is(Evidence::fresh, decide_uid(10002));
    LONGS_EQUAL(1, refresher.asked);
}
