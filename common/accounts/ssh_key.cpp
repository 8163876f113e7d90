// SPDX-License-Identifier: Apache-2.0
#include "common/accounts/ssh_key.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

namespace together {
namespace {

constexpr std::array types = std::to_array<std::string_view>(
    {"ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
     "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com", "ssh-rsa"});

constexpr std::uint8_t no_digit = 64;

// What each byte stands for in Base64: a roster has tens of thousands of keys.
constexpr auto digits = [] {
    constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::array<std::uint8_t, 256> values{};
    values.fill(no_digit);
    for (std::size_t i = 0; i < alphabet.size(); ++i)
        values[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
    return values;
}();

// Without its padding; nothing where it is no Base64 (RFC 4648, 4: padded, nothing between).
std::optional<std::string_view> base64_digits(std::string_view text) {
    if (text.empty() || text.size() % 4 != 0) return std::nullopt;
    for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) text.remove_suffix(1);
    unsigned all = 0;
    for (const char c : text) all |= digits[static_cast<unsigned char>(c)];
    return (all & no_digit) == 0 ? std::optional(text) : std::nullopt;
}

// A blob begins with its type's name, after its length (RFC 4253, 6.6), and goes on behind it.
bool is_blob_of(std::string_view base64, std::string_view type) {
    const std::string head =
        std::string{'\0', '\0', '\0', static_cast<char>(type.size())}.append(type);
    if (base64.size() * 6 / 8 <= head.size()) return false;
    std::uint32_t bits = 0;
    int held = 0;
    auto next = base64.begin();
    for (const char expected : head) {
        for (; held < 8; held += 6) bits = bits << 6 | digits[static_cast<unsigned char>(*next++)];
        held -= 8;
        if (static_cast<char>(bits >> held & 0xff) != expected) return false;
    }
    return true;
}

}  // namespace

std::optional<std::string_view> canonical_ssh_key(std::string_view line) {
    const auto type = line.substr(0, line.find(' '));
    if (type.size() == line.size() || std::find(types.begin(), types.end(), type) == types.end())
        return std::nullopt;
    const auto key = line.substr(0, line.find(' ', type.size() + 1));
    if (key.size() > max_ssh_key) return std::nullopt;
    const auto blob = base64_digits(key.substr(type.size() + 1));
    if (!blob || !is_blob_of(*blob, type)) return std::nullopt;
    return key;
}

}  // namespace together
