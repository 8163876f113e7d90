// SPDX-License-Identifier: Apache-2.0
// The forms of [api] base_url: https://…, http:// on a loopback address, file:///….
#pragma once

#include <string>
#include <string_view>

#include "common/system/result.h"

namespace together {

// The URL without slashes at its end, or what is wrong with it. Thread-safe, asks nobody.
Result<std::string> parse_base_url(std::string_view text);

}  // namespace together
