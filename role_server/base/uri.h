// SPDX-License-Identifier: Apache-2.0
// The target of a request, taken apart: path segments and query parameters.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "role_server/base/errors.h"

namespace together::roled {

struct Uri {
    std::vector<std::string> segments;  // "/v1/whoami" → "v1", "whoami"
    std::vector<std::pair<std::string, std::string>> query;
};

// An error where it is no absolute path of plain segments, or where a parameter comes twice. Path
// segments are not percent-decoded: no identifier needs it, and proxies disagree about it.
Outcome<Uri> parse_uri(std::string_view target);

std::optional<std::string> parameter(const Uri& uri, std::string_view name);

inline constexpr std::size_t max_page_limit = 1000;

// `limit` (1 to 1000, 100 by default) and `after` of a list.
struct Page {
    std::size_t limit = 100;
    std::string after;  // empty: from the beginning
};
Outcome<Page> page_of(const Uri& uri);

}  // namespace together::roled
