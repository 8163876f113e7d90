// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/removal/subordinate_uids.h"

#include <sstream>

#include "common/system/parse_number.h"

namespace together {

std::vector<SubordinateUids> parse_subordinate_uids(std::istream& lines) {
    std::vector<SubordinateUids> ranges;
    for (std::string line; std::getline(lines, line);) {
        std::istringstream fields(line);
        std::string owner, first, count;
        std::getline(fields, owner, ':');
        std::getline(fields, first, ':');
        std::getline(fields, count);
        const auto from = parse_number<std::uint32_t>(first);
        const auto many = parse_number<std::uint32_t>(count);
        if (!owner.empty() && from && many) ranges.push_back({owner, *from, *many});
    }
    return ranges;
}

bool is_subordinate_of(uid_t uid, const std::string& login, uid_t owner,
                       const std::vector<SubordinateUids>& ranges) {
    constexpr uid_t first_of_nobodys = 65536;
    if (uid < first_of_nobodys) return false;
    const std::string number = std::to_string(owner);
    bool found = false;
    for (const auto& range : ranges) {
        if (uid < range.first || uid - range.first >= range.count) continue;
        if (range.owner != login && range.owner != number) return false;
        found = true;
    }
    return found;
}

}  // namespace together
