// SPDX-License-Identifier: Apache-2.0
// A roster, a node and its configuration, and the accounts that come of them.
#pragma once

#include <CppUTest/TestHarness.h>

#include "common/accounts/derivation.h"
#include "common/node_config/node_config.h"
#include "tests/unit/support/fake_clock.h"
#include "tests/unit/support/roster_folder.h"

class DerivedAccounts {
  public:
    DerivedAccounts() {
        config.project = "proj_a";
        config.accounts.enabled = true;
        group = together::RosterGroup{"p-lab", 20000, 20001};
        entries = {entry("alice", 10001, "admin"), entry("bob", 10002)};
        together::add_passwd(
            node, "root:x:0:0::/root:/bin/bash\nlocal:x:1001:1001::/home/local:/bin/sh\n");
        together::add_group(node, "root:x:0:\nsudo:x:27:\nlocal:x:1001:\nlab:x:30000:\n");
    }

    // As of now; the next one has these as those before.
    const together::Accounts& derive() {
        derived =
            together::derive_accounts({config, entries, group, node, derived, clock.now(), seen});
        seen = clock.now();
        return derived;
    }

    const together::Account* account(const std::string& login) const {
        for (const auto& one : derived.accounts)
            if (one.login == login) return &one;
        return nullptr;
    }
    const together::RemovedAccount* removed(const std::string& login) const {
        for (const auto& one : derived.removed)
            if (one.login == login) return &one;
        return nullptr;
    }
    std::string groups_of(const std::string& login) const {
        std::string text;
        if (const auto* one = account(login))
            for (const auto gid : one->groups) text += std::to_string(gid) + " ";
        return text;
    }
    // The stable name of why not; "" where there is none.
    std::string why_not(const std::string& name) const {
        for (const auto& one : derived.without)
            if (one.name == name) return std::string(std::string_view(text_of(one.reason).name));
        return "";
    }

    together::NodeConfig config;
    std::vector<together::RosterEntry> entries;
    std::optional<together::RosterGroup> group;
    together::NodeNames node;
    FakeClock clock;
    together::Moment seen;
    together::Accounts derived;
};
