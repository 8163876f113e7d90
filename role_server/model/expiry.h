// SPDX-License-Identifier: Apache-2.0
// What ends by itself: memberships, roles in projects, answers kept for repeated requests, and the
// addresses of invitations that nobody can accept any more. Whoever decides looks at the time
// anyway; what this does is to tell the nodes, and to forget.
#pragma once

#include <cstdint>

#include "role_server/store/store.h"

namespace together::roled {

// Whether something is over that is not removed yet. One query, no lock.
bool anything_is_over(Store& store, std::int64_t now);

// In a change of its own, by "system". Returns how many projects have another roster.
std::size_t remove_what_is_over(Store& store, std::int64_t now);

}  // namespace together::roled
