// SPDX-License-Identifier: Apache-2.0
#include "role_server/server/shown_path.h"

#include <algorithm>
#include <cstddef>

#include "role_server/base/crypto.h"

namespace together::roled {

std::string shown_path(const Request& request) {
    auto path = request.target.substr(0, std::min<std::size_t>(request.target.find('?'), 250));
    // "tgu_" and the look-up id: no more of a token, whatever stands before it.
    constexpr std::size_t shown = 16;
    for (auto at = path.find("tg"); at != std::string::npos; at = path.find("tg", at + 1)) {
        const auto end = std::min(path.find_first_not_of(base62_alphabet, at + 4), path.size());
        if (at + 3 < path.size() && path[at + 3] == '_' && end - at > shown)
            path.replace(at + shown, end - at - shown, "...");
    }
    return path;
}

}  // namespace together::roled
