// SPDX-License-Identifier: Apache-2.0
// A gate with a roster of two (alice the admin, bob the member), validated just now, on a node that
// knows both; everything around it is in the test's hands.
#pragma once

#include "common/decision/gate.h"
#include "tests/unit/support/fake_accounts.h"
#include "tests/unit/support/fake_clock.h"
#include "tests/unit/support/fake_refresher.h"
#include "tests/unit/support/roster_folder.h"
#include "tests/unit/support/texts.h"

struct GateTest : Utest {
    GateTest() {
        accounts.uids = {{"alice", 10001}, {"bob", 10002}, {"carol", 10003}};
        roster.content.entries = {entry("alice", 10001, "admin"), entry("bob", 10002)};
        roster.write(clock.now());
        config.stale_for = std::chrono::hours(24);
    }

    together::Decision decide(const together::Question& question) {
        return together::Gate(config, clock, accounts, refresher).decide(question);
    }
    together::Decision decide(const std::string& login) {
        return decide({together::Subject::of_login(login)});
    }
    together::Decision decide_uid(uid_t uid) { return decide({together::Subject::of_uid(uid)}); }

    // The refresh brings the roster anew, as it is in `roster` by then.
    void let_refresh_succeed() {
        refresher.problem.clear();
        refresher.script = [this] { roster.write(clock.now()); };
    }
    std::string etc(const std::string& name) const { return config.folder() + "/" + name; }

    FakeClock clock;
    FakeAccounts accounts;
    FakeRefresher refresher;
    RosterFolder roster;
    together::NodeConfig& config = roster.config;
};

#define DECIDED(expected_verdict, expected_reason, decision)                    \
    do {                                                                        \
        const together::Decision checked = (decision);                          \
        TEXT_EQUAL(#expected_reason, together::name_of(checked.reason));        \
        TEXT_EQUAL(#expected_verdict, together::name_of(checked.verdict));      \
        TEXT_EQUAL("", checked.would ? together::name_of(*checked.would) : ""); \
    } while (false)
