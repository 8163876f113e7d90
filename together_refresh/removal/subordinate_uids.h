// SPDX-License-Identifier: Apache-2.0
// Uids that users may take on in user namespaces (subuid(5)): rootless containers run as those.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <istream>
#include <string>
#include <vector>

namespace together {

struct SubordinateUids {
    std::string owner;  // a login, or a uid in digits
    std::uint64_t first = 0;
    std::uint64_t count = 0;
};

// Pure: the lines of /etc/subuid; what is none is left out.
std::vector<SubordinateUids> parse_subordinate_uids(std::istream& lines);

// Pure. What several have is nobody's; nor is one below 65536 anybody's: accounts and services have
// those.
bool is_subordinate_of(uid_t uid, const std::string& login, uid_t owner,
                       const std::vector<SubordinateUids>& ranges);

}  // namespace together
