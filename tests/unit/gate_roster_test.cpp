// SPDX-License-Identifier: Apache-2.0
// What the gate makes of an entry of the roster, by login and by uid.
#include <CppUTest/TestHarness.h>

#include "tests/unit/support/gate_test.h"

using namespace together;
using namespace std::chrono_literals;

struct GateRosterGroup : GateTest {
    void list(const std::vector<RosterEntry>& entries) {
        roster.content.entries = entries;
        roster.write(clock.now());
    }
    Decision ask(const std::string& login, Action action, bool require_admin = false) {
        return decide({Subject::of_login(login), action, require_admin});
    }
};

TEST_GROUP_BASE(gate_roster, GateRosterGroup){};

TEST(gate_roster, a_role_permits_what_its_row_says) {
    for (const auto& row : permissions()) {
        CHECK_TEXT(ask("alice", row.action).allowed() == row.admin, std::string(row.name).c_str());
        CHECK_TEXT(ask("bob", row.action).allowed() == row.member, std::string(row.name).c_str());
    }
    DECIDED(deny, role_forbids, ask("bob", Action::clusters_create));
    DECIDED(allow, role_permits, ask("alice", Action::clusters_create));
    DECIDED(deny, role_forbids, decide({Subject::of_uid(10002), Action::clusters_create}));
}

TEST(gate_roster, a_member_is_also_written_editor_or_developer) {
    list({entry("alice", 10001, "editor"), entry("bob", 10002, "developer")});
    for (const char* login : {"alice", "bob"}) {
        const auto decision = decide(login);
        DECIDED(allow, role_permits, decision);
        CHECK_TRUE(decision.role == Role::member);
    }
    TEXT_EQUAL("editor", decide("alice").role_text);
}

TEST(gate_roster, a_role_of_unknown_name_permits_nothing) {
    for (const char* role : {"owner", "Admin", "viewer", "x"}) {
        list({entry("alice", 10001, role)});
        const auto decision = decide("alice");
        DECIDED(deny, unknown_role, decision);
        TEXT_EQUAL(role, decision.role_text);
        CHECK_FALSE(decision.role.has_value());
        DECIDED(deny, unknown_role, decide_uid(10001));
    }
}

TEST(gate_roster, where_an_admin_is_required_a_member_is_denied) {
    DECIDED(allow, role_permits, ask("alice", Action::ssh_login, true));
    DECIDED(deny, admin_required, ask("bob", Action::ssh_login, true));
    DECIDED(deny, role_forbids, ask("bob", Action::clusters_create, true));
    DECIDED(deny, not_a_collaborator, ask("mallory", Action::ssh_login, true));
}

TEST(gate_roster, a_uid_has_its_login_from_the_roster) {
    const auto decision = decide_uid(10002);
    DECIDED(allow, role_permits, decision);
    TEXT_EQUAL("bob", decision.login);
    LONGS_EQUAL(0, accounts.asked);
}

TEST(gate_roster, an_absent_subject_is_named_as_it_was_asked) {
    TEXT_EQUAL("mallory", decide("mallory").login);
    CHECK_FALSE(decide("mallory").uid.has_value());
    LONGS_EQUAL(666, *decide_uid(666).uid);
    TEXT_EQUAL("", decide_uid(666).login);
}

TEST(gate_roster, a_login_that_two_share_is_denied_to_both) {
    list({entry("alice", 10001, "admin"), entry("alice", 10005), entry("bob", 10002)});
    DECIDED(deny, login_shared, decide("alice"));
    DECIDED(deny, login_shared, decide_uid(10001));
    DECIDED(deny, login_shared, decide_uid(10005));
    DECIDED(allow, role_permits, decide("bob"));
}

TEST(gate_roster, a_uid_that_two_share_is_denied_to_both) {
    list({entry("alice", 10001, "admin"), entry("bob", 10001), entry("carol", 10003)});
    DECIDED(deny, uid_shared, decide("alice"));
    DECIDED(deny, uid_shared, decide("bob"));
    DECIDED(deny, uid_shared, decide_uid(10001));
    DECIDED(allow, role_permits, decide("carol"));
}

TEST(gate_roster, a_uid_below_min_uid_is_denied) {
    accounts.uids = {{"alice", 999}, {"bob", 1000}, {"carol", 0}};
    list({entry("alice", 999, "admin"), entry("bob", 1000), entry("carol", 0)});
    DECIDED(deny, uid_below_minimum, decide("alice"));
    DECIDED(deny, uid_below_minimum, decide_uid(999));
    DECIDED(allow, role_permits, decide("bob"));
    DECIDED(allow, role_permits, decide_uid(1000));
    DECIDED(deny, uid_below_minimum, decide("carol"));
    config.min_uid = 1001;
    DECIDED(deny, uid_below_minimum, decide("bob"));
    LONGS_EQUAL(1001, decide("bob").min_uid);
}

TEST(gate_roster, a_uid_that_is_not_the_nodes_for_that_login_is_denied) {
    for (const uid_t uid : {20001U, 10002U, 10000U, 1000U, 0U}) {
        accounts.uids["alice"] = uid;
        const auto decision = decide("alice");
        DECIDED(deny, uid_differs, decision);
        LONGS_EQUAL(10001, *decision.uid);
        LONGS_EQUAL(uid, *decision.node_uid);
    }
}

TEST(gate_roster, an_account_that_the_node_does_not_have_is_denied) {
    accounts.uids.erase("alice");
    DECIDED(deny, no_such_account, decide("alice"));
}

TEST(gate_roster, nobody_is_let_in_because_the_name_service_failed) {
    accounts.is_broken = true;
    const auto decision = decide("alice");
    DECIDED(unavailable, name_service, decision);
    TEXT_EQUAL("the name service could not look up alice", decision.detail);
}

TEST(gate_roster, only_a_login_on_the_roster_makes_us_ask_the_node) {
    decide("mallory");
    decide_uid(10001);
    decide_uid(666);
    LONGS_EQUAL(0, accounts.asked);
    decide("alice");
    LONGS_EQUAL(1, accounts.asked);
}

TEST(gate_roster, a_uid_that_the_node_itself_gave_is_not_asked_for_again) {
    auto from_node = entry("alice", 10001);
    from_node.uid_source = UidSource::node;
    list({from_node});
    accounts.uids["alice"] = 20001;
    DECIDED(allow, role_permits, decide("alice"));
    LONGS_EQUAL(0, accounts.asked);
}

TEST(gate_roster, an_entry_without_a_uid_has_the_nodes) {
    list({entry_without_uid("alice", "admin"), entry_without_uid("carol")});
    const auto decision = decide("alice");
    DECIDED(allow, role_permits, decision);
    LONGS_EQUAL(10001, *decision.uid);
    accounts.uids["alice"] = 999;
    DECIDED(deny, uid_below_minimum, decide("alice"));
    accounts.uids.erase("alice");
    DECIDED(deny, no_such_account, decide("alice"));
    accounts.is_broken = true;
    DECIDED(unavailable, name_service, decide("alice"));
}

TEST(gate_roster, a_uid_can_be_that_of_an_entry_without_one) {
    list({entry_without_uid("alice", "admin"), entry("bob", 10002)});
    const auto decision = decide_uid(10001);
    DECIDED(allow, role_permits, decision);
    TEXT_EQUAL("alice", decision.login);
    LONGS_EQUAL(10001, *decision.uid);
    LONGS_EQUAL(1, accounts.asked);
}

TEST(gate_roster, a_uid_of_an_entry_without_one_is_held_to_min_uid) {
    accounts.uids["alice"] = 999;
    list({entry_without_uid("alice")});
    DECIDED(deny, uid_below_minimum, decide_uid(999));
}

TEST(gate_roster, a_uid_is_not_that_of_an_entry_with_another) {
    accounts.uids["bob"] = 20002;
    list({entry_without_uid("alice"), entry("bob", 10002)});
    DECIDED(deny, not_a_collaborator, decide_uid(20002));
}

TEST(gate_roster, a_uid_without_a_name_is_absent_and_logged) {
    list({entry_without_uid("alice")});
    const auto decision = decide_uid(666);
    DECIDED(deny, not_a_collaborator, decision);
    TEXT_EQUAL("uid 666 has no name on this node", decision.detail);
}

TEST(gate_roster, a_uid_is_not_denied_because_the_name_service_failed) {
    list({entry_without_uid("alice"), entry("bob", 10002)});
    accounts.is_broken = true;
    const auto decision = decide_uid(10001);
    DECIDED(unavailable, name_service, decision);
    TEXT_EQUAL("the name service could not look up uid 10001", decision.detail);
    DECIDED(allow, role_permits, decide_uid(10002));
}

TEST(gate_roster, a_uid_whose_name_is_not_known_yet_is_neither_denied_nor_let_in) {
    list({entry_without_uid("alice"), entry("bob", 10002)});
    accounts.is_asking = true;
    const auto decision = decide_uid(10001);
    DECIDED(unavailable, name_pending, decision);
    TEXT_EQUAL("still asked", decision.detail);
    DECIDED(allow, role_permits, decide_uid(10002));
}

TEST(gate_roster, a_decision_names_project_contact_and_limits) {
    config.contact = "Ask ops.";
    config.stale_for = 1h;
    for (const char* login : {"alice", "mallory"}) {
        const auto decision = decide(login);
        TEXT_EQUAL("proj_a", decision.project);
        TEXT_EQUAL("Ask ops.", decision.contact);
        CHECK_TRUE(decision.stale_for == Nanoseconds(1h));
        LONGS_EQUAL(1000, decision.min_uid);
        CHECK_TRUE(decision.action == Action::ssh_login);
    }
}

TEST(gate_roster, a_login_of_any_form_is_only_looked_up) {
    for (const auto& login :
         {std::string(100'000, 'a'), std::string("a\0b", 3), std::string("../../etc/shadow"),
          std::string("alice\n"), std::string("\x1b[2J"), std::string()})
        DECIDED(deny, not_a_collaborator, decide(login));
}
