// SPDX-License-Identifier: Apache-2.0
// What may stand in a file that sshd reads as somebody's keys.
#include "common/accounts/ssh_key.h"

#include <CppUTest/TestHarness.h>

#include "tests/unit/support/texts.h"

using namespace together;

namespace {

// ssh-keygen -t ed25519
const std::string good =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJXC+Vw7/1Y2vGEJ0H0XnYpM0m1N9d1s0gR0mXcZxq3A";

}  // namespace

TEST_GROUP(ssh_key){};

TEST(ssh_key, is_type_and_base64_without_comment) {
    TEXT_EQUAL(good, canonical_ssh_key(good).value_or(""));
    TEXT_EQUAL(good, canonical_ssh_key(good + " alice@laptop").value_or(""));
}

TEST(ssh_key, has_neither_options_nor_a_second_line) {
    for (const auto& line :
         {"command=\"/bin/sh\" " + good, "cert-authority " + good, " " + good, "#" + good,
          good + "\n" + good, "ssh-ed25519\t" + good.substr(12), good + "\r", good.substr(0, 11)})
        CHECK_FALSE(canonical_ssh_key(line).has_value());
}

TEST(ssh_key, is_of_a_type_in_the_list_which_its_base64_repeats) {
    for (const std::string type :
         {"ssh-dss", "ssh-ed25519-cert-v01@openssh.com", "ssh-rsa", "SSH-ED25519", ""})
        CHECK_FALSE(canonical_ssh_key(type + good.substr(11)).has_value());
}

TEST(ssh_key, is_strict_base64) {
    for (const auto& text : {good.substr(0, good.size() - 1), good + "=", good + "A===",
                             good.substr(0, 40) + "*" + good.substr(41), good.substr(0, 32),
                             std::string("ssh-ed25519 "), std::string("ssh-ed25519 ====")})
        CHECK_FALSE(canonical_ssh_key(text).has_value());
}

TEST(ssh_key, is_no_longer_than_16_kib) {
    auto longest = good;
    while (longest.size() + 4 <= max_ssh_key) longest += "AAAA";
    CHECK_TRUE(canonical_ssh_key(longest).has_value());
    CHECK_FALSE(canonical_ssh_key(longest + "AAAA").has_value());
}
