// SPDX-License-Identifier: Apache-2.0
// The rows of docs/decision-table.md that need no roster: each in its place.
#include <CppUTest/TestHarness.h>

#include "common/system/utc.h"
#include "tests/unit/support/gate_test.h"

using namespace together;
using namespace std::chrono_literals;

struct GateOrderGroup : GateTest {
    void lock_down(const std::string& reason = "Incident 42") const {
        write_file(etc("lockdown"), reason + "\n");
    }
    void admit(const std::string& login, Nanoseconds from_now, const std::string& more = "") {
        make_directory(etc("admit.d"));
        write_file(etc("admit.d/" + login),
                   "login = " + login +
                       "\nuntil = " + format_utc(clock.now().realtime + from_now.count()) +
                       "\nreason = on call\n" + more);
    }
    Decision decide_with_broken_configuration(const Subject& subject) {
        Gate gate(failure("/etc/together/together.conf:3: fresh_for: not a duration"), clock,
                  accounts, refresher);
        return gate.decide({subject});
    }
    void nobody_was_asked() const {
        LONGS_EQUAL(0, accounts.asked);
        LONGS_EQUAL(0, refresher.asked);
    }
};

TEST_GROUP_BASE(gate_order, GateOrderGroup){};

TEST(gate_order, root_is_let_in_before_anything_is_opened) {
    lock_down();
    std::filesystem::remove(roster.path());
    DECIDED(allow, root, decide("root"));
    DECIDED(allow, root, decide_uid(0));
    nobody_was_asked();
}

TEST(gate_order, root_is_let_in_with_a_broken_configuration) {
    DECIDED(allow, root, decide_with_broken_configuration(Subject::of_login("root")));
    DECIDED(allow, root, decide_with_broken_configuration(Subject::of_uid(0)));
}

TEST(gate_order, nobody_else_is_root) {
    for (const char* login : {"Root", "root ", "toor", "0", "", "root2"})
        CHECK_TEXT(!decide(login).allowed(), login);
    for (const uid_t uid : {1U, 2U, 999U, 65534U, 4294967295U})
        CHECK_FALSE(decide_uid(uid).allowed());
}

TEST(gate_order, a_broken_configuration_decides_nothing) {
    const auto decision = decide_with_broken_configuration(Subject::of_login("alice"));
    DECIDED(unavailable, configuration, decision);
    TEXT_EQUAL("/etc/together/together.conf:3: fresh_for: not a duration", decision.detail);
    TEXT_EQUAL("alice", decision.login);
    CHECK_FALSE(decision.observing);
    DECIDED(unavailable, configuration, decide_with_broken_configuration(Subject::of_uid(10001)));
    nobody_was_asked();
}

TEST(gate_order, exempt_by_login) {
    config.exempt_logins = {"operator", "mallory"};
    DECIDED(allow, exempt, decide("mallory"));
    DECIDED(deny, not_a_collaborator, decide("mallor"));
    LONGS_EQUAL(0, accounts.asked);
}

TEST(gate_order, exempt_by_uid) {
    config.exempt_uids = {990, 991};
    DECIDED(allow, exempt, decide_uid(991));
    DECIDED(deny, not_a_collaborator, decide_uid(992));
}

TEST(gate_order, exempt_by_the_uid_of_a_login) {
    config.exempt_uids = {10003};
    DECIDED(allow, exempt, decide("carol"));
    LONGS_EQUAL(1, accounts.asked);
    DECIDED(deny, not_a_collaborator, decide("mallory"));
}

TEST(gate_order, exempt_is_nobody_because_the_name_service_failed) {
    config.exempt_uids = {10003};
    accounts.is_broken = true;
    CHECK_FALSE(decide("carol").allowed());
    CHECK_FALSE(decide("mallory").allowed());
}

TEST(gate_order, exempt_beats_the_lockdown_and_needs_no_roster) {
    lock_down();
    std::filesystem::remove(roster.path());
    config.exempt_logins = {"operator"};
    config.exempt_uids = {990};
    DECIDED(allow, exempt, decide("operator"));
    DECIDED(allow, exempt, decide_uid(990));
    LONGS_EQUAL(0, refresher.asked);
}

TEST(gate_order, a_lockdown_denies_everybody_else) {
    lock_down();
    for (const char* login : {"alice", "bob", "mallory"}) {
        const auto decision = decide(login);
        DECIDED(deny, lockdown, decision);
        TEXT_EQUAL("Incident 42", decision.detail);
        CHECK_TRUE(decision.evidence == Evidence::none);
    }
    DECIDED(deny, lockdown, decide_uid(10001));
    nobody_was_asked();
}

TEST(gate_order, a_lockdown_beats_an_admission) {
    admit("mallory", 1h, "uid = 666\n");
    lock_down();
    DECIDED(deny, lockdown, decide("mallory"));
    DECIDED(deny, lockdown, decide_uid(666));
}

TEST(gate_order, a_lockdown_ends_with_its_file) {
    lock_down();
    DECIDED(deny, lockdown, decide("alice"));
    std::filesystem::remove(etc("lockdown"));
    DECIDED(allow, role_permits, decide("alice"));
}

TEST(gate_order, an_admission_lets_in_who_is_on_no_roster) {
    admit("mallory", 1h);
    const auto decision = decide("mallory");
    DECIDED(allow, admitted, decision);
    TEXT_EQUAL("on call", decision.detail);
    LONGLONGS_EQUAL(clock.now().realtime + Nanoseconds(1h).count(), *decision.admitted_until);
    CHECK_FALSE(decision.role.has_value());
    nobody_was_asked();
}

TEST(gate_order, an_admission_needs_no_roster) {
    std::filesystem::remove(roster.path());
    admit("mallory", 1h, "uid = 666\n");
    DECIDED(allow, admitted, decide("mallory"));
    const auto by_uid = decide_uid(666);
    DECIDED(allow, admitted, by_uid);
    TEXT_EQUAL("mallory", by_uid.login);
    LONGS_EQUAL(0, refresher.asked);
}

TEST(gate_order, an_admission_ends_at_its_time) {
    admit("mallory", 10s);
    config.recheck_after = 1h;
    clock.tick(10s - 1ns);
    DECIDED(allow, admitted, decide("mallory"));
    clock.tick(1ns);
    DECIDED(deny, not_a_collaborator, decide("mallory"));
}

TEST(gate_order, an_admission_is_for_nobody_else) {
    admit("mallory", 1h, "uid = 666\n");
    DECIDED(deny, not_a_collaborator, decide("eve"));
    DECIDED(deny, not_a_collaborator, decide_uid(667));
    DECIDED(allow, role_permits, decide("bob"));
}

TEST(gate_order, an_admission_that_is_malformed_admits_nobody_and_is_logged) {
    make_directory(etc("admit.d"));
    write_file(etc("admit.d/mallory"), "login = mallory\nreason = x\n");
    const auto decision = decide("mallory");
    DECIDED(deny, not_a_collaborator, decision);
    TEXT_CONTAINS(etc("admit.d/mallory") + ": until or reason is missing", decision.detail);
}

TEST(gate_order, an_admission_serves_where_an_admin_is_required) {
    admit("mallory", 1h);
    config.exempt_logins = {"operator"};
    Question question{Subject::of_login("mallory")};
    question.require_admin = true;
    DECIDED(allow, admitted, decide(question));
    question.subject.login = "operator";
    DECIDED(allow, exempt, decide(question));
}

struct GateObserveGroup : GateTest {
    void setup() override { config.mode = Mode::observe; }
    void would(Verdict verdict, Reason reason, const Decision& decision) const {
        CHECK_TRUE(decision.observing);
        CHECK_TRUE(decision.allowed());
        CHECK_TRUE(decision.would == verdict);
        CHECK_TRUE(decision.reason == reason);
    }
};

TEST_GROUP_BASE(gate_observe, GateObserveGroup){};

TEST(gate_observe, lets_in_whom_it_would_deny_and_says_so) {
    would(Verdict::deny, Reason::not_a_collaborator, decide("mallory"));
    would(Verdict::deny, Reason::not_a_collaborator, decide_uid(666));
    write_file(etc("lockdown"), "");
    would(Verdict::deny, Reason::lockdown, decide("alice"));
}

TEST(gate_observe, lets_in_where_it_could_not_tell) {
    std::filesystem::remove(roster.path());
    would(Verdict::unavailable, Reason::no_roster, decide("alice"));
}

TEST(gate_observe, says_nothing_of_whom_it_lets_in_anyway) {
    DECIDED(allow, role_permits, decide("alice"));
    CHECK_TRUE(decide("alice").observing);
    DECIDED(allow, root, decide("root"));
}

TEST(gate_observe, asks_as_if_it_mattered) {
    clock.tick(31s);
    decide("alice");
    LONGS_EQUAL(1, refresher.asked);
}

TEST(gate_observe, cannot_be_read_from_a_broken_configuration) {
    Gate gate(failure("broken"), clock, accounts, refresher);
    DECIDED(unavailable, configuration, gate.decide({Subject::of_login("alice")}));
}
