// SPDX-License-Identifier: Apache-2.0
// Uids as people and other programs write them. Pure.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string_view>

namespace together {

// What chown(2) and setresuid(2) take for none; nobody has it.
inline constexpr uid_t no_uid = static_cast<uid_t>(-1);

// Digits alone; nothing where it is anything else, too large or no_uid.
std::optional<uid_t> parse_uid(std::string_view text);

}  // namespace together
