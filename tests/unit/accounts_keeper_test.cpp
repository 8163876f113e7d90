// SPDX-License-Identifier: Apache-2.0
// accounts.v1 and authorized_keys.v1 over rounds: when they are written, from what, and when the
// authority has to be asked for everything.
#include "together_refresh/update/accounts_keeper.h"

#include <CppUTest/TestHarness.h>
#include <fcntl.h>

#include "tests/unit/support/fake_clock.h"
#include "tests/unit/support/files.h"
#include "tests/unit/support/name_service.h"
#include "tests/unit/support/roster_folder.h"
#include "tests/unit/support/texts.h"

using namespace together;
using namespace std::chrono_literals;

namespace {

const std::string key_text = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA";

}  // namespace

TEST_GROUP(accounts_keeper) {
    RosterFolder roster;
    FakeClock clock;
    std::string folder = roster.directory() / "lib";
    NodeFiles node{roster.directory() / "passwd",
                   roster.directory() / "group",
                   {roster.directory() / "sysusers.d"},
                   roster.directory() / "sudoers"};
    AccountsKeeper keeper{clock, folder, node};
    AccountsPaths paths{folder};
    RosterAccounts fetched;
    NameService names;

    void setup() override {
        roster.config.accounts.enabled = true;
        roster.config.accounts.shell = "/bin/sh";
        write_file(node.passwd, "root:x:0:0::/root:/bin/sh\n");
        write_file(node.group, "root:x:0:\n");
        fetched.group = RosterGroup{"p-lab", 20000, 20001};
        fetched.none_to_ask = true;
        fetched.keys = {{"alice", key_text}, {"alice", key_text}, {"bob", key_text}};
        ::accounts_file_of_tests = paths.accounts.c_str();
        roster.write();
    }
    Result<AccountsKeeper::Kept> keep(const RosterAccounts* answer) {
        return keeper.keep(roster.config, *roster.open(), answer);
    }
    bool changed(const RosterAccounts* answer) {
        const auto kept = keep(answer);
        if (!kept) FAIL(kept.error().message.c_str());
        return kept->changed;
    }
    bool needs_all() {
        return keeper.needs_all(roster.config, *roster.open());
    }
    // As they stand in the file, whether anybody would be given them or not.
    std::string keys_of(const std::string& login) const {
        const auto file = AccountsDatabase::open(paths.keys, keys_magic);
        if (!file || !file->verify_intact()) return "damaged";
        std::vector<char> buffer(4096);
        const FileDescriptor keys(::open(paths.keys.c_str(), O_RDONLY | O_CLOEXEC));
        const auto record = find_in_database(keys.get(), login_key(login), buffer);
        return record ? std::string(record->substr(24)) : "none";
    }
    // Both, as if the disk had written something else there.
    void damage(const std::string& path) const {
        for (const auto& file : {path, spare_of(path)}) {
            auto content = read_file(file);
            content[2100] = static_cast<char>(content[2100] ^ 4);
            write_file(file, content, 0640);
        }
    }
    void remove(const std::string& path) const {
        ::unlink(path.c_str());
        ::unlink(spare_of(path).c_str());
    }
    ino_t inode() const {
        struct stat status {};
        return ::stat(paths.accounts.c_str(), &status) == 0 ? status.st_ino : 0;
    }
};

TEST(accounts_keeper, writes_both_files_from_an_answer) {
    CHECK_TRUE(needs_all());
    const auto kept = keep(&fetched);
    TEXT_EQUAL("2 accounts, 2 groups, 0 removed", kept->message);
    TEXT_EQUAL("alice:*:10001:10001:user_alice:/home/alice:/bin/sh", names.user("alice"));
    TEXT_EQUAL("p-lab:*:20000:alice,bob", names.group("p-lab"));
    TEXT_EQUAL(key_text + "\n" + key_text + "\n", keys_of("alice"));
    struct stat status {};
    ::stat(paths.keys.c_str(), &status);
    LONGS_EQUAL(0640, status.st_mode & 07777);
    CHECK_FALSE(needs_all());
}

TEST(accounts_keeper, writes_nothing_where_nothing_changed) {
    changed(&fetched);
    const auto before = inode();
    CHECK_FALSE(changed(nullptr));
    CHECK_FALSE(changed(&fetched));
    LONGS_EQUAL(before, inode());
}

TEST(accounts_keeper, writes_new_keys_and_a_new_group_of_the_same_roster) {
    changed(&fetched);
    fetched.keys.clear();
    CHECK_TRUE(changed(&fetched));
    TEXT_EQUAL("", keys_of("alice"));
    fetched.group->gid = 20007;
    CHECK_TRUE(changed(&fetched));
    TEXT_EQUAL("p-lab:*:20007:alice,bob", names.group("p-lab"));
}

TEST(accounts_keeper, somebody_who_was_removed_is_without_account_and_keys_at_once) {
    changed(&fetched);
    roster.content.entries.pop_back();
    roster.write();
    CHECK_TRUE(needs_all());
    // Also where the authority's answer did not come along (a roster that was refused but for
    // removals).
    CHECK_TRUE(changed(nullptr));
    TEXT_EQUAL("absent", names.user("bob"));
    CHECK_TRUE(names.user(10002).ends_with(":/usr/sbin/nologin"));
    TEXT_EQUAL("none", keys_of("bob"));
    TEXT_EQUAL("p-lab:*:20000:alice", names.group("p-lab"));
    CHECK_TRUE(keys_of("alice").starts_with(key_text));
}

TEST(accounts_keeper, counts_a_removal_by_each_boots_own_clock) {
    const auto remove_bob = [&] {
        changed(&fetched);
        roster.content.entries.pop_back();
        roster.write();
        changed(&fetched);
    };
    clock.step(-24h * 9000);
    remove_bob();
    clock.tick(24h * 10);
    keeper.was_up_at(clock.now());
    clock.reboot();
    keeper.was_up_at(clock.now());  // a round without accounts
    clock.step(24h * 9000);
    CHECK_FALSE(needs_all());
    const auto before = inode();
    CHECK_TRUE(changed(nullptr));
    CHECK_TRUE(before != inode());
    const auto after = inode();
    CHECK_FALSE(changed(nullptr));
    LONGS_EQUAL(after, inode());
    clock.tick(24h * 80 - 1ns);
    changed(nullptr);
    CHECK_TRUE(names.user(10002).ends_with(":/usr/sbin/nologin"));
    clock.tick(1ns);
    CHECK_TRUE(needs_all());
    changed(&fetched);
    TEXT_EQUAL("absent", names.user(10002));
}

TEST(accounts_keeper, reads_whose_groups_sudoers_names) {
    changed(&fetched);
    write_file(node.sudoers, "%alice ALL=(ALL) ALL\n");
    CHECK_TRUE(changed(nullptr));
    TEXT_EQUAL("absent", names.user("alice"));
    ::unlink(node.sudoers.c_str());
    const std::filesystem::path included = node.sudoers + ".d";
    std::filesystem::create_directory(included);
    write_file(included / "site", "%bob ALL=(ALL) ALL\n");
    CHECK_TRUE(changed(&fetched));
    TEXT_EQUAL("absent", names.user("bob"));
    CHECK_TRUE(names.user("alice").starts_with("alice:"));
}

// As sudo does.
TEST(accounts_keeper, what_is_no_file_of_sudoers_is_overlooked) {
    const std::filesystem::path included = node.sudoers + ".d";
    std::filesystem::create_directories(included / "folder");
    std::filesystem::create_symlink("nowhere", included / "broken");
    CHECK_EQUAL(0, ::mkfifo((included / "fifo").c_str(), 0600));
    write_file(included / "alice~", "%alice ALL=(ALL) ALL\n");
    write_file(included / "a.conf", "%bob ALL=(ALL) ALL\n");
    changed(&fetched);
    CHECK_TRUE(names.user("alice").starts_with("alice:"));
    CHECK_TRUE(names.user("bob").starts_with("bob:"));
}

// sudo may be able to: then nobody new gets what it gives.
TEST(accounts_keeper, the_files_stay_where_sudoers_cannot_be_read) {
    changed(&fetched);
    std::filesystem::create_directory(node.sudoers);
    TEXT_EQUAL(node.sudoers + " is no file of a usual size", keep(&fetched).error().message);
    CHECK_TRUE(names.user("alice").starts_with("alice:"));
}

TEST(accounts_keeper, makes_a_damaged_or_missing_file_good_with_an_answer_or_without) {
    changed(&fetched);
    for (const auto& path : {paths.accounts, paths.keys}) {
        const auto intact = read_file(path);
        std::vector<std::string> wrong = {{}, intact.substr(0, intact.size() - 1), intact + "x"};
        for (const std::size_t at : {std::size_t{3}, intact.size() / 2, intact.size() - 1}) {
            wrong.push_back(intact);
            wrong.back()[at] = static_cast<char>(intact[at] ^ 4);
        }
        for (const auto& content : wrong)
            for (const bool is_answered : {false, true}) {
                ::unlink(path.c_str());
                if (!content.empty()) write_file(path, content, path == paths.keys ? 0640 : 0644);
                CHECK_TRUE(needs_all());
                const auto kept = keep(is_answered ? &fetched : nullptr);
                TEXT_EQUAL(path + " was damaged or lost, and is made good from its spare",
                           kept->problem);
                TEXT_EQUAL(intact, read_file(path));
                CHECK_FALSE(needs_all());
                TEXT_EQUAL("", keep(nullptr)->problem);
            }
    }
    struct stat status {};
    ::stat(paths.keys.c_str(), &status);
    LONGS_EQUAL(0640, status.st_mode & 07777);
}

TEST(accounts_keeper, keeps_the_spares_the_same_as_the_files) {
    const auto is_the_same = [](const std::string& path) {
        return read_file(spare_of(path)).starts_with(read_file(path));
    };
    changed(&fetched);
    roster.content.entries.pop_back();
    roster.write();
    changed(&fetched);
    for (const auto& path : {paths.accounts, paths.keys}) {
        CHECK_TRUE(is_the_same(path));
        CHECK_TRUE(read_file(spare_of(path)).size() > read_file(path).size());
        for (const std::string& content : {std::string(), std::string(50000, '\0')}) {
            ::unlink(spare_of(path).c_str());
            if (!content.empty()) write_file(spare_of(path), content, 0666);
            CHECK_FALSE(changed(nullptr));
            CHECK_TRUE(is_the_same(path));
        }
    }
}

TEST(accounts_keeper, keeps_what_was_reserved_where_one_of_the_files_is_lost) {
    changed(&fetched);
    roster.content.entries.pop_back();
    roster.write();
    changed(&fetched);
    roster.content.entries.push_back(entry("mallory", 10002));
    roster.write();
    ::unlink(paths.accounts.c_str());
    changed(&fetched);
    TEXT_EQUAL("absent", names.user("mallory"));
    CHECK_TRUE(names.user(10002).starts_with("bob:"));
}

// The keys' file says no names: the roster that stood before does.
TEST(accounts_keeper, remembers_who_leaves_in_the_round_that_finds_file_and_spare_damaged) {
    changed(&fetched);
    damage(paths.accounts);
    CHECK_TRUE(needs_all());
    roster.content.entries = {entry("alice", 10001, "admin"), entry("mallory", 10002)};
    roster.write();
    const auto kept = keep(&fetched);
    TEXT_EQUAL("1 accounts, 2 groups, 1 removed, 1 uid_of_a_removed_account", kept->message);
    CHECK_TRUE(names.user(10002).starts_with("bob:"));
    for (const auto& name : {"bob", "mallory"}) TEXT_EQUAL("absent", names.user(name));
}

// Whose the other ids were, nobody knows.
TEST(accounts_keeper, gives_nobody_new_an_id_where_file_and_spare_are_damaged) {
    changed(&fetched);
    roster.content.entries = {entry("alice", 10001, "admin"), entry("mallory", 10002),
                              entry("carol", 10003)};
    roster.write();
    damage(paths.accounts);
    CHECK_FALSE(keep(nullptr).has_value());
    const auto kept = keep(&fetched);
    TEXT_EQUAL("1 accounts, 2 groups, 0 removed, 2 id_may_be_anothers", kept->message);
    TEXT_CONTAINS("ALERT: " + paths.accounts + " and its spare are damaged", kept->problem);
    CHECK_TRUE(names.user("alice") != "absent");
    CHECK_TRUE(keys_of("alice").starts_with(key_text));
    for (const auto& name : {"mallory", "carol"}) TEXT_EQUAL("absent", names.user(name));
    TEXT_EQUAL("p-lab:*:20000:alice", names.group("p-lab"));
    fetched.group->gid = 20007;
    for (int round = 0; round < 2; ++round) {
        TEXT_EQUAL("", keep(&fetched)->problem);
        TEXT_EQUAL("absent", names.user("carol"));
        TEXT_EQUAL("absent", names.group("p-lab"));
    }
    clock.tick(24h * 90);
    CHECK_TRUE(changed(&fetched));
    TEXT_EQUAL("p-lab:*:20007:alice,mallory,carol", names.group("p-lab"));
}

TEST(accounts_keeper, knows_who_was_removed_by_the_keys_where_the_accounts_are_damaged) {
    changed(&fetched);
    roster.content.entries.pop_back();
    roster.write();
    changed(&fetched);
    damage(paths.accounts);
    changed(&fetched);
    CHECK_TRUE(names.user(10002).starts_with("bob:"));
    roster.content.entries.push_back(entry("bob", 10002));
    roster.write();
    changed(&fetched);
    CHECK_TRUE(names.user("bob") != "absent");
}

TEST(accounts_keeper, gives_nobody_an_id_where_all_is_damaged_until_somebody_removes_the_files) {
    changed(&fetched);
    damage(paths.accounts);
    damage(paths.keys);
    TEXT_EQUAL("0 accounts, 0 groups, 0 removed, 4 id_may_be_anothers", keep(&fetched)->message);
    CHECK_FALSE(needs_all());
    remove(paths.accounts);
    CHECK_TRUE(needs_all());
    const auto kept = keep(&fetched);
    TEXT_EQUAL("2 accounts, 2 groups, 0 removed", kept->message);
    TEXT_EQUAL("", kept->problem);
}

TEST(accounts_keeper, loses_nothing_with_the_files_where_nobody_is_kept) {
    roster.config.accounts.keep_removed = 0ns;
    changed(&fetched);
    roster.content.entries.push_back(entry("carol", 10003));
    roster.write();
    damage(paths.accounts);
    const auto kept = keep(&fetched);
    TEXT_EQUAL("3 accounts, 2 groups, 0 removed", kept->message);
    TEXT_EQUAL("", kept->problem);
}

TEST(accounts_keeper, remembers_who_was_removed_where_the_keys_are_lost) {
    changed(&fetched);
    roster.content.entries = {entry("alice", 10001, "admin"), entry("mallory", 10002)};
    roster.write();
    fetched.group->gid = 20007;
    for (const std::string& damage : {std::string(), std::string(5000, '\0')}) {
        remove(paths.keys);
        if (!damage.empty()) write_file(paths.keys, damage, 0640);
        changed(&fetched);
        TEXT_EQUAL("absent", names.user("mallory"));
        CHECK_TRUE(names.user(10002).starts_with("bob:"));
        CHECK_TRUE(keys_of("alice").starts_with(key_text));
    }
    fetched.group = RosterGroup{"p-lab", 20001, 20000};  // what the Admins' and everybody's were
    changed(&fetched);
    TEXT_EQUAL("absent", names.group("p-lab"));
    TEXT_EQUAL("absent", names.group("p-lab-admin"));
}

TEST(accounts_keeper, somebody_who_was_removed_has_no_account_where_the_keys_are_lost) {
    changed(&fetched);
    roster.content.entries.pop_back();
    roster.write();
    remove(paths.keys);
    CHECK_TRUE(changed(nullptr));
    TEXT_EQUAL("absent", names.user("bob"));
    CHECK_FALSE(changed(nullptr));
    // What keys there are, the authority says.
    CHECK_TRUE(needs_all());
    changed(&fetched);
    CHECK_TRUE(keys_of("alice").starts_with(key_text));
    CHECK_FALSE(needs_all());
}

TEST(accounts_keeper, keeps_the_keys_where_the_accounts_are_lost) {
    changed(&fetched);
    const auto keys = read_file(paths.keys);
    remove(paths.accounts);
    CHECK_FALSE(keep(nullptr).has_value());
    TEXT_EQUAL(keys, read_file(paths.keys));
    roster.config.accounts.enabled = false;
    CHECK_TRUE(keeper.has_any_of(roster.config.project));
    CHECK_FALSE(keeper.has_any_of("proj_other"));
    CHECK_TRUE(keeper.take_away(roster.config).has_value());
    TEXT_EQUAL("none", keys_of("alice"));
}

TEST(accounts_keeper, follows_the_nodes_own_files_and_the_configuration) {
    changed(&fetched);
    write_file(node.passwd, "root:x:0:0::/root:/bin/sh\nbob:x:1002:1002::/:/bin/sh\n");
    CHECK_TRUE(needs_all());
    const auto kept = keep(nullptr);
    TEXT_EQUAL("1 accounts, 2 groups, 1 removed, 1 login_of_the_node", kept->message);
    TEXT_EQUAL("absent", names.user("bob"));
    TEXT_EQUAL("none", keys_of("bob"));
    make_directory(roster.directory() / "sysusers.d");
    write_file(roster.directory() / "sysusers.d/a.conf", "u alice -\n");
    CHECK_TRUE(changed(nullptr));
    TEXT_EQUAL("absent", names.user("alice"));
    write_file(node.group, "root:x:0:\np-lab:x:7:\n");
    CHECK_TRUE(changed(nullptr));
    TEXT_EQUAL("absent", names.group("p-lab"));
    roster.config.accounts.group = "research";
    CHECK_TRUE(changed(nullptr));
    TEXT_CONTAINS("research:*:20000:", names.group("research"));
}

TEST(accounts_keeper, whoever_may_have_an_account_now_waits_for_an_answer) {
    write_file(node.passwd, "bob:x:1002:1002::/:/bin/sh\n");
    changed(&fetched);
    CHECK_FALSE(needs_all());
    write_file(node.passwd, "");
    changed(nullptr);
    TEXT_EQUAL("absent", names.user("bob"));
    CHECK_TRUE(needs_all());
    CHECK_TRUE(changed(&fetched));
    CHECK_TRUE(keys_of("bob").starts_with(key_text));
    CHECK_FALSE(needs_all());
}

TEST(accounts_keeper, accounts_of_other_name_services_are_shadowed_no_more_than_the_files) {
    fetched.elsewhere = {{"bob", 5000}, {"ldapuser", 10001}};
    TEXT_EQUAL("0 accounts, 2 groups, 0 removed, 1 login_of_the_node, 1 uid_of_the_node",
               keep(&fetched)->message);
    fetched.elsewhere = {{"bob", 10002}};
    changed(&fetched);
    TEXT_EQUAL("absent", names.user("bob"));
    TEXT_EQUAL("20000 ", names.groups_of("bob"));
}

TEST(accounts_keeper, gives_no_account_before_the_other_name_services_answered) {
    fetched.none_to_ask = false;
    fetched.asked = {"p-lab", "alice"};  // and then there was no time left
    TEXT_EQUAL("1 accounts, 2 groups, 0 removed", keep(&fetched)->message);
    TEXT_EQUAL("absent", names.user("bob"));
    TEXT_EQUAL("none", keys_of("bob"));
    CHECK_TRUE(needs_all());
    fetched.asked = {"bob"};
    TEXT_EQUAL("2 accounts, 2 groups, 0 removed", keep(&fetched)->message);
    CHECK_FALSE(needs_all());
}

TEST(accounts_keeper, has_no_group_of_another_name_services) {
    fetched.none_to_ask = false;
    fetched.asked = {"alice", "bob"};
    changed(&fetched);
    TEXT_EQUAL("absent", names.group("p-lab"));
    CHECK_TRUE(needs_all());
    fetched.asked.emplace_back("p-lab");
    fetched.groups_elsewhere = {{"bob", 500}, {"staff", 20000}};
    CHECK_TRUE(keep(&fetched).has_value());
    TEXT_EQUAL("absent", names.group("p-lab"));
    TEXT_EQUAL("20001 ", names.groups_of("alice"));
    write_file(node.group, "root:x:0:\nnew:x:7:\n");
    CHECK_TRUE(keep(nullptr).has_value());
    TEXT_EQUAL("absent", names.group("p-lab"));
    fetched.groups_elsewhere.clear();
    CHECK_TRUE(keep(&fetched).has_value());
    TEXT_EQUAL("p-lab:*:20000:alice,bob", names.group("p-lab"));
    // Nor one of their gids, later.
    fetched.asked.pop_back();
    fetched.group->gid = 20500;
    CHECK_TRUE(keep(&fetched).has_value());
    TEXT_EQUAL("p-lab:*:20000:alice,bob", names.group("p-lab"));
    CHECK_TRUE(needs_all());
}

TEST(accounts_keeper, an_accounts_own_group_is_none_of_another_name_services) {
    fetched.groups_elsewhere = {{"bob", 500}, {"staff", 10001}};
    TEXT_EQUAL(
        "0 accounts, 2 groups, 0 removed, 1 login_is_a_group_of_the_node, "
        "1 uid_is_a_gid_of_the_node",
        keep(&fetched)->message);
}

TEST(accounts_keeper, asks_the_other_name_services_about_another_uid_of_an_account) {
    changed(&fetched);
    fetched.none_to_ask = false;
    roster.content.entries[1].uid = 10050;
    roster.write();
    changed(&fetched);
    TEXT_EQUAL("absent", names.user("bob"));
    TEXT_EQUAL("absent", names.user(10050));
    TEXT_CONTAINS("alice", names.user("alice"));
    fetched.asked = {"bob"};
    fetched.elsewhere = {{"ldapuser", 10050}};
    TEXT_EQUAL("1 accounts, 2 groups, 1 removed, 1 uid_of_the_node", keep(&fetched)->message);
}

TEST(accounts_keeper, remembers_whose_accounts_are_another_name_services) {
    fetched.none_to_ask = false;
    fetched.asked = {"p-lab", "alice", "bob"};
    fetched.elsewhere = {{"bob", 10002}};
    changed(&fetched);
    write_file(node.group, "root:x:0:\nnew:x:7:\n");
    CHECK_TRUE(keep(nullptr).has_value());
    TEXT_EQUAL("absent", names.user("bob"));
    TEXT_EQUAL("20000 ", names.groups_of("bob"));
    fetched.asked.clear();
    fetched.elsewhere.clear();
    CHECK_TRUE(keep(&fetched).has_value());
    TEXT_EQUAL("absent", names.user("bob"));
    CHECK_TRUE(needs_all());
}

TEST(accounts_keeper, gives_nobody_the_keys_of_the_person_who_had_the_login_before) {
    changed(&fetched);
    roster.content.entries[1].user_id = "user_another";
    roster.write();
    changed(nullptr);
    TEXT_EQUAL("absent", names.user("bob"));
    TEXT_EQUAL("none", keys_of("bob"));
    CHECK_TRUE(needs_all());
}

TEST(accounts_keeper, forgets_who_was_removed_when_the_time_is_over) {
    changed(&fetched);
    roster.content.entries.pop_back();
    roster.write();
    changed(&fetched);
    clock.tick(24h * 90 - 1s);
    CHECK_FALSE(changed(nullptr));
    clock.tick(1s);
    CHECK_TRUE(changed(nullptr));
    TEXT_EQUAL("absent", names.user(10002));
}

TEST(accounts_keeper, keeps_all_of_another_project_by_uid) {
    changed(&fetched);
    roster.config.project = roster.content.project = "proj_b";
    roster.content.entries = {entry("carol", 10003)};
    roster.write();
    CHECK_TRUE(needs_all());
    TEXT_CONTAINS("wait for an answer", keep(nullptr).error().message);
    CHECK_TRUE(changed(&fetched));
    CHECK_TRUE(names.user(10001).ends_with("nologin"));
    TEXT_EQUAL("absent", names.user("alice"));
    CHECK_TRUE(names.user("carol") != "absent");
}

TEST(accounts_keeper, keeps_the_gids_of_another_projects_groups) {
    changed(&fetched);
    roster.config.project = roster.content.project = "proj_b";
    roster.content.entries = {entry("carol", 10003)};
    roster.write();
    changed(&fetched);
    TEXT_EQUAL("absent", names.group("p-lab"));
    clock.tick(24h * 90 - 1s);
    CHECK_FALSE(changed(nullptr));
    TEXT_EQUAL("absent", names.group("p-lab"));
    clock.tick(1s);
    CHECK_TRUE(changed(nullptr));
    TEXT_EQUAL("p-lab:*:20000:carol", names.group("p-lab"));
}

TEST(accounts_keeper, takes_all_away_where_the_configuration_says_no) {
    changed(&fetched);
    roster.config.accounts = AccountsConfig{};
    CHECK_TRUE(keeper.has_any_of(roster.config.project));
    TEXT_EQUAL("0 accounts, 0 groups, 2 removed", keeper.take_away(roster.config)->message);
    TEXT_EQUAL("absent", names.user("alice"));
    TEXT_CONTAINS("alice:*:10001:", names.user(10001));
    TEXT_EQUAL("absent", names.group("p-lab"));
    TEXT_EQUAL("none", keys_of("alice"));
    const auto before = inode();
    CHECK_FALSE(keeper.take_away(roster.config)->changed);
    LONGS_EQUAL(before, inode());
    clock.tick(24h * 90);
    CHECK_TRUE(keeper.take_away(roster.config)->changed);
    TEXT_EQUAL("absent", names.user(10001));
    roster.config.accounts.enabled = true;
    roster.config.accounts.shell = "/bin/sh";
    CHECK_TRUE(needs_all());
    CHECK_TRUE(changed(&fetched));
    CHECK_TRUE(names.user("alice") != "absent");
    CHECK_TRUE(keys_of("alice").starts_with(key_text));
}

TEST(accounts_keeper, takes_away_what_is_damaged_too_but_nothing_of_another_project) {
    CHECK_FALSE(keeper.has_any_of(roster.config.project));
    changed(&fetched);
    auto damaged = read_file(paths.accounts);
    damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 4);
    write_file(paths.accounts, damaged, 0644);
    CHECK_TRUE(keeper.has_any_of(roster.config.project));
    CHECK_TRUE(keeper.take_away(roster.config)->changed);
    TEXT_EQUAL("absent", names.user("alice"));
    TEXT_EQUAL("none", keys_of("alice"));
    CHECK_FALSE(keeper.has_any_of("proj_other"));
}

TEST(accounts_keeper, changes_nothing_where_the_shell_is_missing) {
    changed(&fetched);
    roster.config.accounts.shell = "/bin/no-such-shell";
    CHECK_FALSE(needs_all());
    TEXT_CONTAINS("[accounts] shell /bin/no-such-shell is no program",
                  keep(&fetched).error().message);
    CHECK_TRUE(names.user("alice") != "absent");
}

TEST(accounts_keeper, leaves_the_old_files_where_the_folder_is_not_roots) {
    changed(&fetched);
    ::chmod(folder.c_str(), 0777);
    fetched.keys.clear();
    CHECK_FALSE(keep(&fetched).has_value());
    CHECK_TRUE(keys_of("alice").starts_with(key_text));
}
