// SPDX-License-Identifier: Apache-2.0
// Who gets what: account, groups, or a reason why not.
#include <algorithm>
#include <utility>

#include "common/accounts/derivation.h"
#include "tests/unit/support/derived_accounts.h"
#include "tests/unit/support/texts.h"

using namespace together;
using namespace std::chrono_literals;

TEST_GROUP(accounts_derivation) {
    DerivedAccounts node;

    // Of bob, whose entry was changed like that.
    std::string why_not(const RosterEntry& bob) {
        node.entries[1] = bob;
        node.derive();
        CHECK_TRUE(node.account("alice") != nullptr);
        CHECK_TRUE(node.account(bob.login) == nullptr);
        return node.why_not(bob.login);
    }
    std::string why_no_group() {
        node.derive();
        STRCMP_EQUAL("20001 ", node.groups_of("alice").c_str());
        STRCMP_EQUAL("", node.groups_of("bob").c_str());
        LONGS_EQUAL(1, node.derived.groups.size());
        return node.why_not(group_name(node.config, node.group));
    }
};

TEST(accounts_derivation, a_collaborator_gets_an_account_and_the_projects_group) {
    node.derive();
    CHECK_TRUE(*node.account("bob") == (Account{"bob", "user_bob", 10002, {20000}, false}));
    CHECK_TRUE(*node.account("alice") ==
               (Account{"alice", "user_alice", 10001, {20000, 20001}, false}));
    CHECK_TRUE(node.derived.groups ==
               (std::vector<AccountGroup>{{"p-lab", 20000, {"alice", "bob"}},
                                          {"p-lab-admin", 20001, {"alice"}}}));
    CHECK_TRUE(node.derived.without.empty() && node.derived.removed.empty());
}

TEST(accounts_derivation, no_uid_from_the_authority) {
    TEXT_EQUAL("no_uid", why_not(entry_without_uid("bob")));
    auto bob = entry("bob", 10002);
    bob.uid_source = UidSource::node;
    TEXT_EQUAL("no_uid", why_not(bob));
}

TEST(accounts_derivation, uid_out_of_range) {
    for (const uid_t uid : {0U, 27U, 999U, 1000U, 9999U, 60000U, 65534U, 4294967294U})
        TEXT_EQUAL("uid_out_of_range", why_not(entry("bob", uid)));
    // Whatever stands in a configuration that somebody made.
    node.config.accounts.uid_range = {0, 4294967295U};
    TEXT_EQUAL("uid_out_of_range", why_not(entry("bob", 999)));
}

TEST(accounts_derivation, login_or_uid_shared) {
    auto bob = entry("bob", 10002);
    bob.login_shared = true;
    TEXT_EQUAL("login_shared", why_not(bob));
    bob.login_shared = false;
    bob.uid_shared = true;
    TEXT_EQUAL("uid_shared", why_not(bob));
}

TEST(accounts_derivation, login_reserved) {
    add_sysusers(node.node,
                 "# comment\nu made-later - \"x\" /\ng grp -\nm _usr _grp\nr - 1-2\n\nu! new -\n");
    node.config.accounts.reserved_logins = {"plc"};
    for (const char* login : {"root", "nginx", "sudo", "docker", "slurm", "made-later", "grp",
                              "_usr", "_grp", "new", "plc"})
        TEXT_EQUAL("login_reserved", why_not(entry(login, 10002)));
    TEXT_EQUAL("", node.why_not("alice"));
}

TEST(accounts_derivation, login_that_reads_as_owner_and_group_of_the_node) {
    for (const char* login : {"root.root", "local.sudo", "root.", "root.0", "0.0", "1001.", "0."})
        TEXT_EQUAL("login_is_an_owner", why_not(entry(login, 10002)));
    uid_t uid = 10003;
    for (const char* login : {"ann.root", "local.smith", "bob.", "v1.2"}) {
        node.entries[1] = entry(login, uid++);
        node.derive();
        CHECK_TRUE(node.account(login) != nullptr);
    }
}

TEST(accounts_derivation, login_of_the_node_with_another_uid) {
    TEXT_EQUAL("login_of_the_node", why_not(entry("local", 10002)));
}

TEST(accounts_derivation, uid_of_the_node_with_another_login) {
    node.config.accounts.uid_range.first = 1000;
    TEXT_EQUAL("uid_of_the_node", why_not(entry("bob", 1001)));
}

// sudo's %lab compares the names of a user's groups: the account's own would be taken for it.
TEST(accounts_derivation, an_accounts_own_group_shadows_none_of_the_node) {
    TEXT_EQUAL("login_is_a_group_of_the_node", why_not(entry("lab", 10002)));
    TEXT_EQUAL("uid_is_a_gid_of_the_node", why_not(entry("bob", 30000)));
}

// What a user of this node has for a gid owns their files, whether /etc/group names it or not.
TEST(accounts_derivation, a_gid_in_passwd_alone_is_the_nodes) {
    add_passwd(node.node, "carol:x:1002:20000::/home/carol:/bin/sh\n");
    TEXT_EQUAL("group_gid_of_the_node", why_no_group());
    TEXT_EQUAL("uid_is_a_gid_of_the_node", why_not(entry("bob", 20000)));
    add_passwd(node.node, "dave:x:1003::dave:/home/dave:/bin/sh\n+eve:x:1004:1004\nfay:x:1005\n");
    CHECK_FALSE(node.node.primary_gids.contains(1004));
    CHECK_FALSE(node.node.primary_gids.contains(1005));
}

// useradd -g p-lab, useradd -g alice.
TEST(accounts_derivation, a_user_of_the_nodes_may_be_given_a_gid_of_ours) {
    node.derive();
    add_passwd(node.node, "svc:x:1002:20000::/:/bin/sh\nbot:x:1003:10001::/:/bin/sh\n");
    node.derive();
    LONGS_EQUAL(20000, node.derived.groups[0].gid);
    CHECK_TRUE(node.account("alice") != nullptr);
    // Also after a round without them.
    const auto group = std::exchange(node.group, std::nullopt);
    const auto alice = node.entries[0];
    node.entries.erase(node.entries.begin());
    node.derive();
    node.group = group;
    node.entries.insert(node.entries.begin(), alice);
    node.derive();
    LONGS_EQUAL(20000, node.derived.groups[0].gid);
    CHECK_TRUE(node.account("alice") != nullptr);
    node.entries[0] = entry("mallory", 10001, "admin");
    node.group->gid = 20005;
    add_passwd(node.node, "new:x:1004:20005::/:/bin/sh\n");
    node.derive();
    TEXT_EQUAL("uid_is_a_gid_of_the_node", node.why_not("mallory"));
    TEXT_EQUAL("group_gid_of_the_node", node.why_not("p-lab"));
}

// An account's own group would have what sudo gives to the group of that name or number.
TEST(accounts_derivation, a_group_that_sudoers_names_is_nobodys_own) {
    add_sudoers(node.node,
                "# %comment ALL=(ALL) ALL\n"
                "Defaults passprompt=\"for %p \"\n"
                "%ops,!%night ALL=(ALL:ALL) NOPASSWD: ALL\n"
                "  %#10005 ALL = ALL\nUser_Alias STAFF = %staff2, \"%quoted\", anna\n"
                "#1999, %behind ALL=ALL\n#1998,%last\\\n%remark#comment ALL=ALL\r\n%dos\r\n"
                "anna, \\\r\n%next\\\nALL=ALL\n%esc\\aped,%he\\x78 ALL=ALL\n"
                "Defaultsx, %odd ALL=ALL\nDefaults: alice, %few !authenticate\n"
                "User_Alias X = \"DOM#1\", #-1, %mark, \"%# 10006\"\nanna ALL=/bin/x y\\\\\n%slash "
                "ALL=ALL\n"
                "anna ALL=ALL # %comment \\\n%after ALL=ALL\n#include %comment\n%Upper ALL=ALL\n");
    for (const char* login :
         {"ops", "night", "staff2", "quoted", "behind", "last", "remark", "dos", "next", "escaped",
          "hex", "after", "odd", "few", "mark", "slash", "upper", "UPPER", "Ops"})
        TEXT_EQUAL("login_is_a_group_in_sudoers", why_not(entry(login, 10002)));
    for (const uid_t uid : {10005U, 10006U})
        TEXT_EQUAL("uid_is_a_gid_in_sudoers", why_not(entry("bob", uid)));
    uid_t uid = 10007;
    for (const char* login : {"comment", "p", "anna"}) {
        node.entries[1] = entry(login, uid++);
        node.derive();
        CHECK_TRUE(node.account(login) != nullptr);
    }
}

// For sudo a name is the same in any letters: what it gives to deploy, Deploy has.
TEST(accounts_derivation, letters_make_no_other_name) {
    add_passwd(node.node, "Carol:x:1005:1005::/:/bin/sh\n");
    node.config.accounts.reserved_logins = {"deploy"};
    for (const char* login : {"Local", "carol", "Lab"})
        TEXT_EQUAL("login_of_the_node", why_not(entry(login, 10002)));
    for (const char* login : {"Deploy", "Nginx", "Root"})
        TEXT_EQUAL("login_reserved", why_not(entry(login, 10002)));
    node.entries[1] = entry("Anna", 10002);
    node.derive();
    CHECK_TRUE(node.account("Anna") != nullptr);
}

// What sudoers gives to the project's group is meant.
TEST(accounts_derivation, the_projects_group_may_stand_in_sudoers) {
    add_sudoers(node.node, "%p-lab ALL=(ALL) ALL\n%#20000 ALL=(ALL) ALL\n");
    node.derive();
    LONGS_EQUAL(20000, node.derived.groups[0].gid);
}

TEST(accounts_derivation, nobody_is_called_like_the_projects_group) {
    TEXT_EQUAL("login_is_our_group", why_not(entry("p-lab", 10002)));
    TEXT_EQUAL("login_is_our_group", why_not(entry("p-lab-admin", 10002)));
}

TEST(accounts_derivation, the_nodes_own_account_gets_the_groups_alone) {
    node.config.accounts.uid_range.first = 1000;
    node.entries.push_back(entry("local", 1001));
    node.derive();
    CHECK_TRUE(*node.account("local") == (Account{"local", "user_local", 1001, {20000}, true}));
    TEXT_EQUAL("local", node.derived.groups[0].members.back());
    node.entries.pop_back();
    node.derive();
    CHECK_TRUE(node.derived.removed.empty());
    node.group.reset();
    node.entries.push_back(entry("local", 1001));
    node.derive();
    POINTERS_EQUAL(nullptr, node.account("local"));
}

TEST(accounts_derivation, a_role_of_unknown_name_gets_an_account_without_groups) {
    node.entries[1].role = "auditor";
    node.derive();
    CHECK_TRUE(node.account("bob") != nullptr);
    TEXT_EQUAL("", node.groups_of("bob"));
}

TEST(accounts_derivation, a_group_is_left_out_that_the_node_has) {
    add_group(node.node, "p-lab:x:7000:\n");
    TEXT_EQUAL("group_name_of_the_node", why_no_group());
}

TEST(accounts_derivation, a_group_is_left_out_whose_gid_is_somebody_elses) {
    node.group->gid = 30000;
    TEXT_EQUAL("group_gid_of_the_node", why_no_group());
    node.group->gid = 10002;  // bob's private group
    TEXT_EQUAL("group_gid_is_a_uid", why_no_group());
    add_passwd(node.node, "far:x:20000:5::/:/bin/sh\n");
    node.group->gid = 20000;
    TEXT_EQUAL("group_gid_is_a_uid", why_no_group());
}

TEST(accounts_derivation, a_group_is_left_out_whose_gid_is_out_of_range) {
    for (const gid_t gid : {0U, 27U, 999U, 9999U, 60000U}) {
        node.group->gid = gid;
        TEXT_EQUAL("group_gid_out_of_range", why_no_group());
    }
    node.config.accounts.gid_range.first = 0;
    node.group->gid = 27;
    TEXT_EQUAL("group_gid_out_of_range", why_no_group());
}

TEST(accounts_derivation, a_group_is_left_out_without_a_gid_or_with_both_the_same) {
    node.group->gid.reset();
    TEXT_EQUAL("group_without_gid", why_no_group());
    node.group = RosterGroup{"p-lab", 20000, 20000};
    node.derive();
    CHECK_TRUE(node.derived.groups.empty());
    TEXT_EQUAL("group_gids_shared", node.why_not("p-lab-admin"));
}

TEST(accounts_derivation, the_authoritys_name_for_a_group_begins_with_p) {
    for (const char* name :
         {"docker", "lab2", "P-lab", "p-a b", "p-\"", "p-abcdefghijklmnopqrstuvwxyz012345"}) {
        node.group->name = name;
        node.derive();
        CHECK_TRUE(node.derived.groups.empty());
        TEXT_EQUAL("group_name_not_ours", node.why_not(name));
    }
}

TEST(accounts_derivation, the_nodes_word_for_a_group_may_be_any) {
    node.config.accounts.group = "research";
    node.derive();
    TEXT_EQUAL("research", node.derived.groups[0].name);
    TEXT_EQUAL("research-admin", node.derived.groups[1].name);
    node.config.accounts.group.clear();
    node.group->name.clear();
    node.derive();
    CHECK_TRUE(node.derived.groups[0].name.starts_with("p-"));
    LONGS_EQUAL(10, node.derived.groups[0].name.size());
}

TEST(accounts_derivation, groups_may_be_without_members) {
    node.config.accounts.group_members = false;
    node.derive();
    CHECK_TRUE(node.derived.groups[0].members.empty());
    TEXT_EQUAL("20000 ", node.groups_of("bob"));
}

TEST(accounts_derivation, a_user_id_is_a_field_of_passwd) {
    node.entries[1].user_id = "a:b,c";
    node.derive();
    TEXT_EQUAL("a_b_c", node.account("bob")->gecos);
}

TEST(accounts_derivation, every_reason_has_its_words) {
    for (const auto& text : no_account_texts()) {
        CHECK_FALSE(std::string_view(text.name).empty() || std::string_view(text.what).empty() ||
                    std::string_view(text.remedy).empty());
    }
}

TEST(accounts_derivation, a_line_is_read_as_the_c_library_reads_it) {
    add_passwd(node.node, " \tcarl:x: +10003:100::/:/bin/sh\n  # dora:x:10004:100::/:/bin/sh\n");
    add_group(node.node, " team:x:+10005:\n");
    TEXT_EQUAL("login_of_the_node", why_not(entry("carl", 10002)));
    TEXT_EQUAL("uid_of_the_node", why_not(entry("eve", 10003)));
    TEXT_EQUAL("login_is_a_group_of_the_node", why_not(entry("team", 10006)));
    TEXT_EQUAL("uid_is_a_gid_of_the_node", why_not(entry("eve", 10005)));
    CHECK_FALSE(node.node.users.contains("dora"));
}

TEST(accounts_derivation, a_line_that_is_none_is_overlooked) {
    NodeNames names;
    add_passwd(names,
               "#x:x:1:1\n+nis:x:2:2\n-not:x:3:3\n\nshort\nbad:x:y:1\nlast:x:4:4::/:/bin/sh");
    LONGS_EQUAL(1, names.users.size());
    LONGS_EQUAL(4, names.users.at("last"));
    add_group(names, "wide:x:4294967296:\ng:x:7:a,b\n");
    LONGS_EQUAL(1, names.groups.size());
}
