// SPDX-License-Identifier: Apache-2.0
// The forms of names that come from outside. Pure, thread-safe.
#pragma once

#include <string_view>

namespace together {

// [A-Za-z0-9_][A-Za-z0-9_.-]{0,31}, and not only digits (useradd and id take those for a uid).
bool is_login(std::string_view text);

// proj_[A-Za-z0-9_-]{1,64}
bool is_project(std::string_view text);

// [A-Za-z0-9._-]{1,253}: what a node calls itself.
bool is_node_name(std::string_view text);

bool is_digits(std::string_view text);

bool is_utf8(std::string_view text);

// No control characters: fit for a terminal and a log.
bool is_printable(std::string_view text);

}  // namespace together
