// SPDX-License-Identifier: Apache-2.0
// Tells the authority whom this node let in ([api] report_last_seen), in the unprivileged child.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/config/config.h"
#include "together_refresh/source/fetch.h"

namespace together {

struct PersonSeen {
    std::string user_id;  // the authority's
    std::string door;
    std::int64_t seen_at = 0;  // seconds since 1970

    bool operator==(const PersonSeen&) const = default;
};

// An authority takes no more in one request.
inline constexpr std::size_t max_people_told = 200;

// `complete`: it has them. Otherwise retry_after says how long not to try again, where the answer
// would be the same.
FetchSummary report_last_seen(const Config& config, const FetchRequest& request,
                              const std::vector<PersonSeen>& people);

}  // namespace together
