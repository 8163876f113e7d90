// SPDX-License-Identifier: Apache-2.0
#include "role_server/access/credentials.h"

#include <CppUTest/TestHarness.h>

#include <set>

#include "role_server/base/crypto.h"

using namespace together::roled;

TEST_GROUP(CredentialsTest){};

TEST(CredentialsTest, what_is_minted_can_be_read) {
    for (const auto kind : {KeyKind::user, KeyKind::project, KeyKind::node}) {
        const auto made = mint(kind);
        const auto read = read_token(made.token);
        CHECK(read.has_value());
        CHECK(read->kind == kind);
        CHECK(read->id == made.id);
        CHECK(read->secret_hash == made.secret_hash);
        LONGS_EQUAL(52, static_cast<long>(made.token.size()));
    }
}

TEST(CredentialsTest, the_id_tells_nothing_of_the_secret) {
    const auto made = mint(KeyKind::node);
    CHECK(made.id == "key_" + made.token.substr(4, 12));
    CHECK(made.secret_hash == sha256_hex(made.token.substr(16, 30)));
}

TEST(CredentialsTest, every_changed_character_is_found) {
    const auto token = mint(KeyKind::user).token;
    for (std::size_t i = 0; i < token.size(); ++i) {
        auto wrong = token;
        wrong[i] = wrong[i] == 'a' ? 'b' : 'a';
        CHECK_FALSE(read_token(wrong).has_value());
    }
}

TEST(CredentialsTest, other_lengths_and_characters_are_no_tokens) {
    const auto token = mint(KeyKind::user).token;
    CHECK_FALSE(read_token("").has_value());
    CHECK_FALSE(read_token(token.substr(1)).has_value());
    CHECK_FALSE(read_token(token + "0").has_value());
    CHECK_FALSE(read_token(std::string(52, '\0')).has_value());
    CHECK_FALSE(read_token("tgx_" + token.substr(4)).has_value());
}

// As computed with zlib: scanners for leaked tokens check it too.
TEST(CredentialsTest, the_checksum_is_the_common_crc32) {
    const auto body = "tgn_" + std::string(12, 'a') + std::string(30, 'b');
    CHECK(read_token(body + "4S5HdR").has_value());
}

TEST(CredentialsTest, base62_is_written_with_leading_zeros) {
    STRCMP_EQUAL("000000", base62(0, 6).c_str());
    STRCMP_EQUAL("00000z", base62(61, 6).c_str());
    STRCMP_EQUAL("000010", base62(62, 6).c_str());
    STRCMP_EQUAL("4gfFC3", base62(0xffffffff, 6).c_str());
}

TEST(CredentialsTest, random_text_uses_the_whole_alphabet_and_does_not_repeat) {
    std::set<char> used;
    std::set<std::string> texts;
    for (int i = 0; i < 200; ++i) {
        const auto text = random_base62(30);
        LONGS_EQUAL(30, static_cast<long>(text.size()));
        used.insert(text.begin(), text.end());
        texts.insert(text);
    }
    LONGS_EQUAL(62, static_cast<long>(used.size()));
    LONGS_EQUAL(200, static_cast<long>(texts.size()));
}

TEST(CredentialsTest, digests_are_compared_whole) {
    STRCMP_EQUAL("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
                 sha256_hex("abc").c_str());
    CHECK(equal_in_constant_time("abc", "abc"));
    CHECK_FALSE(equal_in_constant_time("abc", "abd"));
    CHECK_FALSE(equal_in_constant_time("abc", "ab"));
    CHECK_FALSE(equal_in_constant_time("", "a"));
}
