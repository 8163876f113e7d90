// SPDX-License-Identifier: Apache-2.0
// Where a token comes in: a file, or stdin. Never an argument or the environment, which every
// process of the machine, and each child, could read.
#pragma once

#include <string>
#include <string_view>

#include "common/system/result.h"

namespace together::cli {

// One word of visible ASCII.
bool is_token(std::string_view text);

// The first line of the file; of stdin where the path is empty: on a terminal it asks for `what`
// and shows nothing of what is typed.
Result<std::string> read_token(const std::string& path, const std::string& what);

}  // namespace together::cli
