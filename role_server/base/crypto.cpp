// SPDX-License-Identifier: Apache-2.0
#include "role_server/base/crypto.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>
#include <stdexcept>

namespace together::roled {

std::string random_base62(std::size_t length) {
    // Bytes of 248 and more are dropped: 256 is no multiple of 62, and some characters would be
    // likelier than others.
    constexpr unsigned fair = 248;
    std::string text;
    std::array<unsigned char, 64> bytes{};
    while (text.size() < length) {
        if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
            throw std::runtime_error("libcrypto has no random numbers");
        for (const auto byte : bytes)
            if (byte < fair && text.size() < length)
                text += base62_alphabet[byte % base62_alphabet.size()];
    }
    OPENSSL_cleanse(bytes.data(), bytes.size());
    return text;
}

std::string base62(std::uint64_t value, std::size_t width) {
    std::string text(width, base62_alphabet[0]);
    for (auto at = text.rbegin(); at != text.rend(); ++at, value /= base62_alphabet.size())
        *at = base62_alphabet[value % base62_alphabet.size()];
    return text;
}

std::string sha256_hex(std::string_view data) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (EVP_Digest(data.data(), data.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1)
        throw std::runtime_error("libcrypto has no SHA-256");
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (unsigned i = 0; i < size; ++i) {
        text += digits[digest[i] >> 4U];
        text += digits[digest[i] & 15U];
    }
    return text;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace together::roled
