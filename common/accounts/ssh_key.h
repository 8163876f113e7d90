// SPDX-License-Identifier: Apache-2.0
// A public key as it may stand in what sshd reads: its type and Base64, nothing else. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace together {

inline constexpr std::size_t max_ssh_key = std::size_t{16} * 1024;
inline constexpr std::size_t max_ssh_keys = 100;  // of one person

// "TYPE BASE64" of the line of a .pub file, its comment cut off. Nothing where it is longer, of a
// type that is not in our list (certificates, DSA), or where its Base64 is not of that type:
// options before a key, or a second line, would be sshd's to obey. Points into the line.
std::optional<std::string_view> canonical_ssh_key(std::string_view line);

}  // namespace together
