// SPDX-License-Identifier: Apache-2.0
// The bearer token with which the authority is asked.
#pragma once

#include <string>

#include "common/system/result.h"

namespace together {

// One line of visible characters, in a file that nobody else may read. Errors name the file, never
// what stands in it.
Result<std::string> read_token(const std::string& path);

}  // namespace together
