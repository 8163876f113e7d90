// SPDX-License-Identifier: Apache-2.0
// What stays of somebody who was removed, for how long, and who gets the uid meanwhile.
#include "tests/unit/support/derived_accounts.h"
#include "tests/unit/support/texts.h"

using namespace together;
using namespace std::chrono_literals;

TEST_GROUP(accounts_removed) {
    DerivedAccounts node;

    void setup() override {
        node.derive();
    }
    void remove_bob() {
        node.entries.pop_back();
        node.derive();
    }
};

TEST(accounts_removed, are_found_by_uid_for_90_days) {
    remove_bob();
    POINTERS_EQUAL(nullptr, node.account("bob"));
    CHECK_TRUE(*node.removed("bob") ==
               (RemovedAccount{"bob", "user_bob", 10002, node.clock.now(), true}));
    LONGS_EQUAL(1, node.derived.groups[0].members.size());
    node.clock.tick(24h * 90 - 1ns);
    node.derive();
    CHECK_TRUE(node.removed("bob") != nullptr);
    node.clock.tick(1ns);
    node.derive();
    POINTERS_EQUAL(nullptr, node.removed("bob"));
}

TEST(accounts_removed, are_gone_at_once_where_none_are_kept) {
    node.config.accounts.keep_removed = 0ns;
    remove_bob();
    CHECK_TRUE(node.derived.removed.empty());
}

TEST(accounts_removed, come_back_to_the_same_uid) {
    remove_bob();
    node.entries.push_back(entry("bob", 10002));
    node.derive();
    LONGS_EQUAL(10002, node.account("bob")->uid);
    CHECK_TRUE(node.derived.removed.empty());
}

TEST(accounts_removed, keep_their_uid_from_everybody_else) {
    remove_bob();
    node.entries.push_back(entry("mallory", 10002));
    node.derive();
    TEXT_EQUAL("uid_of_a_removed_account", node.why_not("mallory"));
    CHECK_TRUE(node.removed("bob") != nullptr);
    node.clock.tick(24h * 90);
    node.derive();
    CHECK_TRUE(node.account("mallory") != nullptr);
}

TEST(accounts_removed, keep_their_uid_where_it_is_given_on_in_one_step) {
    node.entries[1] = entry("mallory", 10002);
    node.derive();
    TEXT_EQUAL("uid_of_a_removed_account", node.why_not("mallory"));
    CHECK_TRUE(node.removed("bob") != nullptr);
}

TEST(accounts_removed, are_not_whoever_took_another_login) {
    node.entries[1].login = "bobby";
    node.derive();
    LONGS_EQUAL(10002, node.account("bobby")->uid);
    CHECK_TRUE(node.derived.removed.empty());
}

TEST(accounts_removed, keep_the_old_uid_where_a_login_has_another) {
    node.entries[1].uid = 10009;
    node.derive();
    LONGS_EQUAL(10009, node.account("bob")->uid);
    LONGS_EQUAL(10002, node.removed("bob")->uid);
}

TEST(accounts_removed, are_all_of_another_project) {
    node.config.project = "proj_b";
    node.entries = {entry("carol", 10003)};
    node.derive();
    CHECK_TRUE(node.removed("alice") != nullptr && node.removed("bob") != nullptr);
}

TEST(accounts_removed, are_not_found_where_the_node_took_the_login_but_keep_the_uid) {
    remove_bob();
    add_passwd(node.node, "bob:x:1002:1002::/home/bob:/bin/sh\n");
    node.derive();
    CHECK_FALSE(node.removed("bob")->is_found);
    node.entries.push_back(entry("mallory", 10002));
    node.derive();
    TEXT_EQUAL("uid_of_a_removed_account", node.why_not("mallory"));
}

TEST(accounts_removed, are_gone_where_the_node_took_the_uid) {
    remove_bob();
    add_passwd(node.node, "new:x:10002:10002::/home/new:/bin/sh\n");
    node.derive();
    POINTERS_EQUAL(nullptr, node.removed("bob"));
}

TEST(accounts_removed, were_accounts_that_the_node_took_over) {
    add_passwd(node.node, "bob:x:1002:1002::/home/bob:/bin/sh\n");
    node.derive();
    TEXT_EQUAL("login_of_the_node", node.why_not("bob"));
    LONGS_EQUAL(10002, node.removed("bob")->uid);
    CHECK_FALSE(node.removed("bob")->is_found);
}

// In each boot the wall clock may be wrong, in the one of the removal or in this one. What the node
// saw of the time that it was up is certain.
TEST(accounts_removed, stay_for_90_days_of_the_nodes_own_whatever_the_clock_said_in_each_boot) {
    for (const auto wrong : {-24h * 365 * 26, 24h * 365 * 26}) {
        node.clock.step(wrong);
        remove_bob();
        node.clock.tick(24h * 10);
        node.derive();
        for (const auto& jump : {-wrong, wrong, -wrong}) {
            node.clock.reboot();
            node.clock.step(jump);
            node.entries.push_back(entry("mallory", 10002));
            node.derive();
            TEXT_EQUAL("uid_of_a_removed_account", node.why_not("mallory"));
            node.entries.pop_back();
        }
        node.clock.tick(24h * 80 - 1ns);
        node.derive();
        CHECK_TRUE(node.removed("bob") != nullptr);
        node.clock.tick(1ns);
        node.derive();
        POINTERS_EQUAL(nullptr, node.removed("bob"));
        node.entries.push_back(entry("bob", 10002));
        node.derive();
    }
}

TEST(accounts_removed, keep_a_gid_whatever_the_clock_said_in_each_boot) {
    node.clock.step(-24h * 365 * 26);
    node.group = std::nullopt;
    node.derive();
    node.clock.reboot();
    node.clock.step(24h * 365 * 26);
    node.entries.push_back(entry("mallory", 20000));
    node.derive();
    TEXT_EQUAL("uid_is_a_used_gid", node.why_not("mallory"));
}

// A node that does not know its boot cannot tell how long it has been up.
TEST(accounts_removed, stay_where_the_boot_is_unknown) {
    remove_bob();
    node.clock.lose_the_boot_id();
    node.clock.tick(24h * 365);
    node.derive();
    CHECK_TRUE(node.removed("bob") != nullptr);
}

// Within one boot the wall clock says nothing.
TEST(accounts_removed, stay_whatever_the_wall_clock_does_within_a_boot) {
    remove_bob();
    for (const auto& jump : {24h * 3650, -24h * 7300}) {
        node.clock.step(jump);
        node.derive();
        CHECK_TRUE(node.removed("bob") != nullptr);
    }
}

TEST(accounts_removed, no_group_gets_their_uid_for_its_gid) {
    remove_bob();
    node.group->gid = 10002;
    node.derive();
    TEXT_EQUAL("group_gid_is_a_uid", node.why_not("p-lab"));
}

TEST(accounts_removed, keep_the_gid_of_a_group_from_every_other_for_90_days) {
    node.group = RosterGroup{"p-lab", 20002, 20000};  // the Admins' is what everybody's was
    node.derive();
    TEXT_EQUAL("group_gid_of_a_removed_group", node.why_not("p-lab-admin"));
    TEXT_EQUAL("", node.why_not("p-lab"));
    node.config.project = "proj_b";
    node.group = RosterGroup{"p-lab", 20002, 20001};
    node.derive();
    TEXT_EQUAL("group_gid_of_a_removed_group", node.why_not("p-lab"));
    TEXT_EQUAL("group_gid_of_a_removed_group", node.why_not("p-lab-admin"));
    node.entries.push_back(entry("mallory", 20000));
    node.derive();
    TEXT_EQUAL("uid_is_a_used_gid", node.why_not("mallory"));
    node.clock.tick(24h * 90);
    node.derive();
    TEXT_EQUAL("", node.why_not("p-lab"));
    TEXT_EQUAL("", node.why_not("p-lab-admin"));
    CHECK_TRUE(node.account("mallory") != nullptr);
}

TEST(accounts_removed, keep_the_gid_for_the_same_group_whatever_it_is_called) {
    node.group->name = "p-renamed";
    node.derive();
    LONGS_EQUAL(20000, node.derived.groups[0].gid);
    node.group = std::nullopt;
    node.derive();
    CHECK_TRUE(node.derived.groups.empty());
    node.group = RosterGroup{"p-lab", 20000, 20001};
    node.derive();
    LONGS_EQUAL(2, node.derived.groups.size());
}

TEST(accounts_removed, keep_no_gid_where_none_are_kept) {
    node.config.accounts.keep_removed = 0ns;
    node.derive();
    node.config.project = "proj_b";
    node.derive();
    LONGS_EQUAL(2, node.derived.groups.size());
}

TEST(accounts_removed, may_be_anybody_where_the_node_lost_whom_it_had) {
    node.derived.used_gids = {{20000, "proj_a", false, {}},
                              {every_id, {}, false, node.clock.now()}};
    node.derived.accounts.pop_back();  // bob, who cannot show that the uid was his
    node.derive();
    TEXT_EQUAL("id_may_be_anothers", node.why_not("bob"));
    TEXT_EQUAL("id_may_be_anothers", node.why_not("p-lab-admin"));
    LONGS_EQUAL(10001, node.account("alice")->uid);
    LONGS_EQUAL(20000, node.derived.groups[0].gid);
    node.clock.tick(24h * 90 - 1ns);
    node.derive();
    TEXT_EQUAL("id_may_be_anothers", node.why_not("bob"));
    node.clock.tick(1ns);
    node.derive();
    LONGS_EQUAL(10002, node.account("bob")->uid);
}
