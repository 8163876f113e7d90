// SPDX-License-Identifier: Apache-2.0
// What sshd is given as somebody's keys, and what a damaged file makes of it: those, or nothing.
#include "authorized_keys/served_keys.h"

#include <CppUTest/TestHarness.h>
#include <fcntl.h>

#include <vector>

#include "tests/unit/support/files.h"
#include "tests/unit/support/keys_file.h"
#include "tests/unit/support/temporary_directory.h"
#include "tests/unit/support/texts.h"

using namespace together;

namespace {

const std::string blob = "AAAAC3NzaC1lZDI1NTE5AAAAI";
// As many keys as wanted, each another.
std::string key(char which) {
    return "ssh-ed25519 " + blob + std::string(43, which) + "\n";
}

}  // namespace

struct ServedKeysGroup : Utest {
    TemporaryDirectory folder;
    AccountsPaths paths{folder.path()};

    void write(const KeysOf& people, const std::string& later_fields = {}) const {
        CHECK_TRUE(write_keys_file(paths, people, later_fields));
    }
    std::string keys_of(const std::string& login) const {
        const auto served = ServedKeys::open(paths);
        const auto keys = served ? served->of(login) : failure("cannot be opened");
        return keys ? *keys : "ERROR " + keys.error().message;
    }
};

TEST_GROUP_BASE(served_keys, ServedKeysGroup){};

TEST(served_keys, are_those_of_the_login_and_no_others) {
    write({{"alice", {key('A'), key('B')}}, {"bob", {key('C')}}, {"carol", {}}});
    TEXT_EQUAL(key('A') + key('B'), keys_of("alice"));
    TEXT_EQUAL(key('C'), keys_of("bob"));
    for (const std::string none : {"carol", "bobby", "bo", "", "root", "alice ", "lbob"})
        TEXT_EQUAL("", keys_of(none));
    TEXT_EQUAL("", keys_of(std::string(1000, 'a')));
}

TEST(served_keys, are_a_hundred_of_sixteen_kibibytes_at_most) {
    const std::string head = "ssh-rsa AAAAB3NzaC1yc2E";
    const auto large = [&](std::size_t size) {
        return head + std::string(size - head.size(), 'A') + "\n";
    };
    write({{"alice", std::vector<std::string>(100, large(16 * 1024))}});
    LONGS_EQUAL(100 * (16 * 1024 + 1), keys_of("alice").size());
    write({{"alice", std::vector<std::string>(101, key('A'))}});
    TEXT_EQUAL("ERROR has what is no key", keys_of("alice"));
    write({{"alice", {large(16 * 1024 + 4)}}});
    TEXT_EQUAL("ERROR has what is no key", keys_of("alice"));
}

TEST(served_keys, with_options_or_of_an_unknown_type_are_none) {
    for (const std::string& line :
         {"command=\"id\" " + key('A'), "ssh-dss " + blob + std::string(43, 'A') + "\n",
          "cert-authority " + key('A'), key('A').substr(0, key('A').size() - 1), std::string("\n"),
          "# " + key('A'), "ssh-ed25519 " + blob + std::string(43, 'A') + " comment\n",
          "ssh-rsa " + blob + std::string(43, 'A') + "\n"}) {
        write({{"alice", {key('B'), line}}});
        TEXT_EQUAL("ERROR has what is no key", keys_of("alice"));
    }
}

TEST(served_keys, of_a_record_of_a_later_release_are_read) {
    write({{"alice", {key('A')}}}, "later fields");
    TEXT_EQUAL(key('A'), keys_of("alice"));
}

// As where the disk was full, or the node stopped, between the two files.
TEST(served_keys, are_not_served_where_the_account_is_another_persons) {
    write({{"alice", {key('A')}}, {"bob", {key('B')}}});
    const auto bob = account_of_tests("bob");
    auto the_nodes = account_of_tests("alice");
    the_nodes.is_the_nodes = true;
    for (const auto& [account, why] :
         {std::pair{account_of_tests("alice", "user_another"), "keys of another person"},
          {account_of_tests("alice", {}, 20001), "keys of another person"},
          {the_nodes, "accounts.v1 no account"},
          {account_of_tests("carol"), "accounts.v1 no account"}}) {
        CHECK_TRUE(write_accounts_of_tests(paths.accounts, {account, bob}));
        TEXT_CONTAINS(why, keys_of("alice"));
        TEXT_EQUAL(key('B'), keys_of("bob"));
        TEXT_EQUAL("", keys_of("carol"));
    }
    CHECK_TRUE(write_accounts_of_tests(paths.accounts, {account_of_tests("alice"), bob}));
    const auto served = ServedKeys::open(paths);
    TEXT_EQUAL(key('A'), *served->of("alice", 20000));
    TEXT_CONTAINS("another account", served->of("alice", 1500).error().message);
    write_file(paths.accounts, std::string(5000, '\0'));
    TEXT_CONTAINS("accounts.v1", keys_of("alice"));
    write_file(paths.accounts, "", 0660);
    TEXT_EQUAL("ERROR cannot be opened", keys_of("alice"));
}

// Each bit, and each length of a small file.
TEST(served_keys, of_a_damaged_file_are_the_right_ones_or_none) {
    write({{"alice", {key('A')}}, {"bob", {key('B'), key('C')}}});
    const auto whole = read_file(paths.keys);
    const auto look = [&](const std::string& bytes) {
        write_file(paths.keys, bytes);
        const auto alice = keys_of("alice");
        const auto bob = keys_of("bob");
        CHECK_TRUE(alice == key('A') || alice.empty() || alice.starts_with("ERROR"));
        CHECK_TRUE(bob == key('B') + key('C') || bob.empty() || bob.starts_with("ERROR"));
        CHECK_TRUE(keys_of("mallory").empty() || keys_of("mallory").starts_with("ERROR"));
    };
    for (std::size_t size = 0; size < whole.size(); ++size) look(whole.substr(0, size));
    for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
        auto bytes = whole;
        bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
        look(bytes);
    }
    look(std::string(whole.size(), '\0'));
    look(std::string(whole.size(), '\xff'));
}
