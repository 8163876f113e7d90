// SPDX-License-Identifier: Apache-2.0
// libnss_together.so.2: what its functions answer from an undamaged file, and where there is none.
#include "tests/unit/support/name_service.h"

#include <CppUTest/TestHarness.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>

#include "common/accounts/record_layout.h"
#include "tests/unit/support/files.h"
#include "tests/unit/support/texts.h"

const char* accounts_file_of_tests = nullptr;

using namespace together;

namespace {

const std::string alice = "alice:*:10001:10001:user_1:/home/alice:/bin/bash";

Accounts some_accounts() {
    Accounts accounts;
    accounts.accounts = {{"alice", "user_1", 10001, {20000, 20001}, false},
                         {"bob", "user_2", 10002, {20000}, false},
                         {"local", "user_3", 10003, {20000}, true}};
    accounts.removed = {{"carol", "user_4", 10004, {}, true}, {"dave", "user_5", 10005, {}, false}};
    accounts.groups = {{"p-lab", 20000, {"alice", "bob", "local"}},
                       {"p-lab-admin", 20001, {"alice"}}};
    return accounts;
}

}  // namespace

TEST_GROUP(name_service) {
    NameService names;

    void setup() override {
        names.write(some_accounts());
    }
};

TEST(name_service, knows_accounts_by_login_and_by_uid) {
    TEXT_EQUAL(alice, names.user("alice"));
    TEXT_EQUAL(alice, names.user(10001));
    for (const char* login : {"", "nobody-here", "Alice", "alice ", "p-lab", "l",
                              "abcdefghijklmnopqrstuvwxyz0123456789"})
        TEXT_EQUAL("absent", names.user(login));
    TEXT_EQUAL("absent", names.user(uid_t{10009}));
}

TEST(name_service, knows_groups_by_name_and_by_gid) {
    TEXT_EQUAL("p-lab:*:20000:alice,bob,local", names.group("p-lab"));
    TEXT_EQUAL("p-lab-admin:*:20001:alice", names.group(20001));
    TEXT_EQUAL("absent", names.group("sudo"));
    TEXT_EQUAL("absent", names.group(gid_t{20002}));
}

TEST(name_service, makes_an_accounts_private_group_from_it) {
    TEXT_EQUAL("alice:*:10001:", names.group("alice"));
    TEXT_EQUAL("alice:*:10001:", names.group(10001));
    TEXT_EQUAL("absent", names.group("local"));
    TEXT_EQUAL("absent", names.group(gid_t{10003}));
}

TEST(name_service, knows_who_is_in_which_groups) {
    TEXT_EQUAL("20000 20001 ", names.groups_of("alice", 10001));
    TEXT_EQUAL("20000 ", names.groups_of("local", 5));
    TEXT_EQUAL("20001 ", names.groups_of("alice", 20000));
    TEXT_EQUAL("absent", names.groups_of("carol"));
    TEXT_EQUAL("20000 20001 ", names.groups_of("alice", 0, 2));
    TEXT_EQUAL("20000 ", names.groups_of("alice", 0, 1));
}

TEST(name_service, keeps_out_of_the_way_of_the_nodes_own_accounts) {
    TEXT_EQUAL("absent", names.user("local"));
    TEXT_EQUAL("absent", names.user(10003));
}

TEST(name_service, knows_who_was_removed_by_uid_only) {
    TEXT_EQUAL("carol:*:10004:10004:user_4:/home/carol:/usr/sbin/nologin", names.user(10004));
    TEXT_EQUAL("carol:*:10004:", names.group(10004));
    TEXT_EQUAL("absent", names.user("carol"));
    TEXT_EQUAL("absent", names.group("carol"));
    TEXT_EQUAL("absent", names.user(10005));
}

TEST(name_service, answers_none_of_the_systems_ids_whatever_the_file_says) {
    Accounts hostile;
    hostile.accounts = {{"evil", "user_1", 0, {27, 0, 20000}, false},
                        {"eve", "user_2", 999, {}, false}};
    hostile.groups = {{"sudo", 27, {"evil"}}};
    names.write(hostile);
    for (const auto& answer :
         {names.user("evil"), names.user(uid_t{0}), names.user("eve"), names.group("sudo"),
          names.group(gid_t{27}), names.group("evil"), names.group(gid_t{0})})
        TEXT_EQUAL("absent", answer);
    hostile.accounts = {{"evil", "user_1", 10001, {27, 0, 999, 20000}, false}};
    names.write(hostile);
    TEXT_EQUAL("20000 ", names.groups_of("evil", 10001));
}

TEST(name_service, asks_for_a_larger_buffer_at_each_size_that_is_too_small) {
    std::size_t size = 0;
    for (; size < alice.size() - 12 + 1; ++size)
        TEXT_EQUAL("try again 34", names.user("alice", size));
    TEXT_EQUAL(alice, names.user("alice", size + 2));
    bool found = false;
    for (size = 0; size < 200; ++size) {
        const auto answer = names.group("p-lab", size);
        found = found || answer != "try again 34";
        if (found) TEXT_EQUAL("p-lab:*:20000:alice,bob,local", answer);
    }
    CHECK_TRUE(found);
    for (size = 0; size < 16; ++size) TEXT_EQUAL("try again 34", names.group("alice", size));
}

TEST(name_service, has_room_for_a_group_of_100000) {
    Accounts accounts;
    std::string members;
    accounts.groups = {{"p-lab", 20000, {}}};
    for (int i = 0; i < 100'000; ++i) {
        accounts.groups[0].members.push_back("member" + std::to_string(i));
        members += (i > 0 ? "," : "") + accounts.groups[0].members.back();
    }
    names.write(accounts);
    TEXT_EQUAL("try again 34", names.group("p-lab", 1'000'000));
    CHECK_TRUE(names.group("p-lab", 3'000'000) == "p-lab:*:20000:" + members);
    CHECK_TRUE(names.group(20000, 3'000'000) == "p-lab:*:20000:" + members);
}

TEST(name_service, is_right_for_groups_of_every_small_size) {
    Accounts accounts;
    accounts.groups = {{"p-lab", 20000, {}}};
    std::string members;
    for (int i = 0; i < 200; ++i) {
        names.write(accounts);
        TEXT_EQUAL("p-lab:*:20000:" + members, names.group("p-lab", 8192));
        accounts.groups[0].members.push_back("m" + std::to_string(i));
        members += (i > 0 ? "," : "") + accounts.groups[0].members.back();
    }
}

TEST(name_service, an_empty_database_knows_nobody) {
    names.write({});
    TEXT_EQUAL("absent", names.user("alice"));
    TEXT_EQUAL("absent", names.group(10001));
}

TEST(name_service, later_fields_and_flags_are_skipped) {
    const auto key = login_key("alice");
    auto record = encode_account(key, some_accounts().accounts[0], AccountsConfig{});
    record.insert(sizeof(AccountHead), "12345678");
    record[offsetof(AccountHead, fixed)] += 8;
    record[offsetof(AccountHead, flags)] = static_cast<char>(0x80);
    const auto sum = record_checksum(key.data(), key.size(), record.data(), record.size());
    std::memcpy(record.data(), &sum, sizeof sum);
    names.write_record(key, record);
    TEXT_EQUAL(alice, names.user("alice"));
    TEXT_EQUAL("20000 20001 ", names.groups_of("alice"));
}

TEST(name_service, a_group_without_its_password_is_damaged) {
    const auto key = group_key("p-lab");
    auto record = encode_group(key, {"p-lab", 20000, {}});
    record.resize(record.size() - 2);  // "*" and its NUL
    record[offsetof(GroupHead, text)] -= 2;
    const auto sum = record_checksum(key.data(), key.size(), record.data(), record.size());
    std::memcpy(record.data(), &sum, sizeof sum);
    names.write_record(key, record);
    TEXT_EQUAL("unavailable 5", names.group("p-lab"));
}

TEST(name_service, a_record_of_another_key_is_nobodys) {
    names.write_record(
        login_key("alice"),
        encode_account(login_key("mallory"), some_accounts().accounts[0], AccountsConfig{}));
    TEXT_EQUAL("unavailable 5", names.user("alice"));
}

TEST(name_service, is_unavailable_where_the_file_cannot_be_one_of_ours) {
    const auto& path = names.path();
    const auto everything_is = [&](int error) {
        const auto expected = "unavailable " + std::to_string(error);
        TEXT_EQUAL(expected, names.user("alice"));
        TEXT_EQUAL(expected, names.user(10001));
        TEXT_EQUAL(expected, names.group("p-lab"));
        TEXT_EQUAL(expected, names.group(20000));
        TEXT_EQUAL(expected, names.groups_of("alice"));
        TEXT_EQUAL("absent", names.user(uid_t{0}));
    };
    for (const mode_t mode : {0664U, 0646U, 0666U}) {
        ::chmod(path.c_str(), mode);
        everything_is(EINVAL);
    }
    ::unlink(path.c_str());
    everything_is(ENOENT);
    ::mkfifo(path.c_str(), 0644);
    everything_is(EINVAL);
    ::unlink(path.c_str());
    CHECK_EQUAL(0, ::symlink("/etc/passwd", path.c_str()));
    everything_is(ELOOP);
    ::unlink(path.c_str());
    ::mkdir(path.c_str(), 0755);
    everything_is(EINVAL);
    ::rmdir(path.c_str());
    for (const auto& text : {std::string(), std::string(100, '\0'), std::string(4096, '\0'),
                             std::string(9000, '\xff')}) {
        write_file(path, text);
        everything_is(EIO);
    }
}
