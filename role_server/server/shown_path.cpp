// SPDX-License-Identifier: Apache-2.0
#include "role_server/server/shown_path.h"

#include <algorithm>
#include <cstddef>

namespace together::roled {

std::string shown_path(const Request& request) {
    auto path = request.target.substr(0, std::min<std::size_t>(request.target.find('?'), 250));
    // "/tgu_" and the look-up id: no more of a token.
    constexpr std::size_t shown = 16;
    for (std::size_t at = path.find("/tg"); at != std::string::npos;
         at = path.find("/tg", at + 1)) {
        const auto end = std::min(path.find('/', at + 1), path.size());
        if (at + 4 < path.size() && path[at + 4] == '_' && end - at > shown + 1)
            path.replace(at + 1 + shown, end - at - 1 - shown, "...");
    }
    return path;
}

}  // namespace together::roled
