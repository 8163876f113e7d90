// SPDX-License-Identifier: Apache-2.0
// Randomness and digests, from libcrypto. Thread-safe; throw std::runtime_error where libcrypto
// itself fails, because no answer may be given then.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace together::roled {

inline constexpr std::string_view base62_alphabet =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

// Uniform over the alphabet: 5.95 bits a character.
std::string random_base62(std::size_t length);

std::string base62(std::uint64_t value, std::size_t width);

// Lower-case hexadecimal.
std::string sha256_hex(std::string_view data);

// Takes a time that depends on the lengths only.
bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace together::roled
