// SPDX-License-Identifier: Apache-2.0
// What a refused person reads, word for word.
#include "common/decision/explanation.h"

#include <CppUTest/TestHarness.h>

#include <set>

#include "tests/unit/support/decisions.h"
#include "tests/unit/support/texts.h"

using namespace together;
using namespace std::chrono_literals;

namespace {

const std::string fault_on_our_side =
    " alice was not refused, and nobody can be let in. This is a fault on our side: try again in a "
    "minute, and tell the operators if it lasts.";

}  // namespace

struct MessageGroup : Utest {
    void reads(const std::string& text, const Decision& decision) const {
        TEXT_EQUAL(text, message_for_user(decision));
    }
};

TEST_GROUP_BASE(message, MessageGroup){};

TEST(message, is_empty_for_whom_the_gate_lets_in) {
    for (const auto reason : {Reason::root, Reason::exempt, Reason::admitted, Reason::role_permits})
        reads("", decided(reason));
    auto observed = decided(Reason::not_a_collaborator);
    observed.would = observed.verdict;
    observed.verdict = Verdict::allow;
    observed.contact = "Ask ops.";
    reads("", observed);
}

TEST(message, of_a_lockdown) {
    auto decision = decided(Reason::lockdown);
    decision.detail = "Incident 42";
    reads(
        "Access denied: alice cannot use project proj_a now: the cluster is locked down (Incident "
        "42). Nobody but the operators gets in until they end it.",
        decision);
    decision.detail.clear();
    reads(
        "Access denied: alice cannot use project proj_a now: the cluster is locked down. Nobody "
        "but the operators gets in until they end it.",
        decision);
}

TEST(message, of_who_is_not_a_collaborator) {
    reads(
        "Access denied: alice is not a collaborator of "
        "project proj_a. An Admin of the project can add you.",
        decided(Reason::not_a_collaborator));
}

TEST(message, names_the_uid_where_no_login_is_known) {
    auto decision = decided(Reason::not_a_collaborator);
    decision.login.clear();
    decision.action = Action::slurm_submit;
    reads(
        "Access denied: uid 10001 is not a "
        "collaborator of project proj_a. An Admin of the project can add you.",
        decision);
}

TEST(message, of_an_old_roster_says_so) {
    auto decision = decided(Reason::not_a_collaborator);
    decision.evidence = Evidence::old;
    decision.age = 12min;
    decision.asked = true;
    reads(
        "Access denied: alice is not a collaborator of "
        "project proj_a. An Admin of the project can add you. (The roster is 12m old: the role "
        "authority does not answer. If you were added since, try again later.)",
        decision);
    decision.asked = false;
    reads(
        "Access denied: alice is not a collaborator of "
        "project proj_a. An Admin of the project can add you. (The roster is 12m old: only root's "
        "services, such as sshd, may ask for a newer one. If you were added since, try again "
        "later.)",
        decision);
    decision.age_uncertain = true;
    TEXT_CONTAINS("(The roster is at least 12m old (this node's clock was set back): ",
                  message_for_user(decision));
}

TEST(message, of_a_role_that_does_not_permit_it) {
    auto decision = decided(Reason::role_forbids);
    decision.action = Action::clusters_create;
    reads(
        "Access denied: alice has the role member in project "
        "proj_a, which does not permit clusters.create. An Admin of the project can change your "
        "role.",
        decision);
}

TEST(message, of_a_role_of_unknown_name) {
    auto decision = decided(Reason::unknown_role);
    decision.role.reset();
    decision.role_text = "owner";
    reads(
        "Access denied: alice has a role in project proj_a "
        "that this node does not know (owner). Tell the operators: this node's software may be too "
        "old.",
        decision);
}

TEST(message, of_a_required_admin) {
    reads(
        "Access denied: alice has the role member in project "
        "proj_a; this needs the role admin. An Admin of the project can change your role.",
        decided(Reason::admin_required));
}

TEST(message, of_a_shared_login) {
    reads(
        "Access denied: two collaborators of project proj_a "
        "have the login alice. An Admin of the project must give one of them another.",
        decided(Reason::login_shared));
}

TEST(message, of_a_shared_uid) {
    reads(
        "Access denied: two collaborators of project proj_a "
        "have the uid 10001 of alice. An Admin of the project must give one of them another.",
        decided(Reason::uid_shared));
}

TEST(message, of_a_uid_below_the_minimum) {
    auto decision = decided(Reason::uid_below_minimum);
    decision.uid = 999;
    reads(
        "Access denied: alice has the uid 999 on the roster "
        "of project proj_a, and uids below 1000 are system accounts here, which a roster cannot "
        "admit.",
        decision);
}

TEST(message, of_a_uid_that_differs) {
    auto decision = decided(Reason::uid_differs);
    decision.node_uid = 20001;
    reads(
        "Access denied: alice has the uid 10001 on the "
        "roster of project proj_a but 20001 on this node. The operators must make them agree.",
        decision);
}

TEST(message, of_an_account_that_is_not_there) {
    reads(
        "Access denied: alice is a collaborator of project "
        "proj_a, but has no account on this node. The operators see why with togetherctl explain.",
        decided(Reason::no_such_account));
}

TEST(message, of_a_broken_configuration) {
    auto decision = decided(Reason::configuration);
    decision.detail = "/etc/together/together.conf:3: fresh_for: not a duration";
    reads("Access cannot be decided now: this node's access gate is not configured correctly." +
              fault_on_our_side,
          decision);
}

TEST(message, of_a_wrong_module_argument) {
    reads("Access cannot be decided now: this node's access gate is called with wrong arguments." +
              fault_on_our_side,
          decided(Reason::module_argument));
}

TEST(message, of_a_name_service_that_fails) {
    reads("Access cannot be decided now: this node's name service does not answer." +
              fault_on_our_side,
          decided(Reason::name_service));
}

TEST(message, of_a_name_that_is_still_asked_for) {
    auto decision = decided(Reason::name_pending);
    decision.login.clear();
    reads(
        "Access cannot be decided yet: this node is still asking its name service who uid 10001 "
        "is. Nobody was refused: try again in a second, and tell the operators if it lasts.",
        decision);
}

TEST(message, of_a_roster_that_is_too_old) {
    auto decision = decided(Reason::roster_too_old);
    decision.age = 26h;
    decision.asked = true;
    reads(
        "Access cannot be decided now: the roster of project proj_a on this node is 26h old, and "
        "the role authority does not answer." +
            fault_on_our_side,
        decision);
    decision.asked = false;
    TEXT_CONTAINS("is 26h old, and only root's services, such as sshd, may ask for a newer one.",
                  message_for_user(decision));
}

TEST(message, of_no_roster) {
    auto decision = decided(Reason::no_roster);
    decision.asked = true;
    reads(
        "Access cannot be decided now: this node has no usable roster of project proj_a, and the "
        "role authority does not answer." +
            fault_on_our_side,
        decision);
    decision.asked = false;
    TEXT_CONTAINS("proj_a, and only root's services, such as sshd, may ask for a newer one.",
                  message_for_user(decision));
}

TEST(message, of_every_refusal_names_who_but_for_a_lockdown_and_ends_with_the_contact) {
    for (const auto reason : every_reason()) {
        auto decision = decided(reason);
        if (decision.allowed()) continue;
        decision.contact = "Ask ops@example.com.";
        const auto text = message_for_user(decision);
        if (reason != Reason::lockdown) TEXT_CONTAINS("alice", text);
        CHECK_TEXT(text.ends_with(" Ask ops@example.com."), text.c_str());
        decision.login.clear();
        if (reason != Reason::lockdown) TEXT_CONTAINS("uid 10001", message_for_user(decision));
    }
}

TEST(message, of_every_denial_names_the_project_but_for_a_lockdown) {
    for (const auto reason : every_reason())
        if (verdict_of(reason) == Verdict::deny && reason != Reason::lockdown)
            TEXT_CONTAINS("proj_a", message_for_user(decided(reason)));
}

TEST(message, is_one_line_without_control_characters) {
    for (const auto reason : every_reason()) {
        for (const char c : message_for_user(decided(reason)))
            CHECK_TRUE(static_cast<unsigned char>(c) >= ' ');
    }
}

// What a broken configuration says (its path, its line) is for the operators' log.
TEST(message, of_our_own_faults_tells_no_details) {
    for (const auto reason :
         {Reason::configuration, Reason::no_roster, Reason::roster_too_old, Reason::name_service,
          Reason::name_pending, Reason::module_argument, Reason::node_fault}) {
        auto decision = decided(reason);
        decision.detail = "/etc/together/token";
        decision.refresh_problem = "/etc/together/token";
        CHECK_TRUE(message_for_user(decision).find("token") == std::string::npos);
    }
}

TEST(message, names_nobody_where_nothing_is_known) {
    auto decision = decided(Reason::not_a_collaborator);
    decision.login.clear();
    decision.uid.reset();
    TEXT_EQUAL("uid unknown", subject_of(decision));
}

TEST_GROUP(row){};

TEST(row, tells_apart_how_the_roster_stood) {
    auto decision = decided(Reason::role_permits);
    TEXT_EQUAL("on a fresh roster", row_of(decision));
    decision.evidence = Evidence::refreshed;
    TEXT_EQUAL("on a roster that was refreshed for this", row_of(decision));
    decision.evidence = Evidence::old;
    TEXT_EQUAL("on an old roster within stale_for, and this caller may not refresh",
               row_of(decision));
    decision.asked = true;
    TEXT_EQUAL("on an old roster within stale_for, and the refresh failed", row_of(decision));
    decision.reason = Reason::not_a_collaborator;
    TEXT_EQUAL("absent from an old roster within stale_for, and the refresh failed",
               row_of(decision));
    decision.evidence = Evidence::fresh;
    TEXT_EQUAL("absent from a fresh roster", row_of(decision));
}

TEST(row, is_named_for_every_reason) {
    std::set<std::string> rows;
    for (const auto reason : every_reason()) {
        const auto row = row_of(decided(reason));
        CHECK_TEXT(row != "none", std::string(name_of(reason)).c_str());
        rows.insert(row);
    }
    // Nine have words of their own; of all that the roster decides, two say how it stood.
    LONGS_EQUAL(11, rows.size());
}

TEST_GROUP(reason){};

TEST(reason, has_a_name_of_its_own) {
    std::set<std::string_view> names;
    for (const auto reason : every_reason()) names.insert(name_of(reason));
    LONGS_EQUAL(reasons().size(), names.size());
}

TEST(reason, has_the_verdict_of_the_table) {
    const std::set<Reason> allowing = {Reason::root, Reason::exempt, Reason::admitted,
                                       Reason::role_permits};
    const std::set<Reason> undecided = {Reason::configuration,  Reason::no_roster,
                                        Reason::roster_too_old, Reason::name_service,
                                        Reason::name_pending,   Reason::module_argument,
                                        Reason::node_fault};
    for (const auto reason : every_reason()) {
        const auto verdict = allowing.contains(reason)    ? Verdict::allow
                             : undecided.contains(reason) ? Verdict::unavailable
                                                          : Verdict::deny;
        CHECK_TRUE(verdict_of(reason) == verdict);
    }
}

TEST(reason, that_nobody_knows_is_never_an_allow) {
    CHECK_TRUE(verdict_of(static_cast<Reason>(200)) == Verdict::unavailable);
    CHECK_FALSE(Decision().allowed());
    TEXT_EQUAL("unavailable", name_of(Decision().verdict));
}
