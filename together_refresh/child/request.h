// SPDX-License-Identifier: Apache-2.0
// What the parent has its unprivileged child do. The child trusts its parent.
#pragma once

#include <cstdint>
#include <optional>

#include "together_refresh/source/fetch.h"

namespace together {

enum class ChildTask : std::uint8_t {
    fetch,         // the roster: entries, a summary, uids
    conformance,   // together-refresh --api-check: findings, a summary
    access_check,  // together-refresh --check-access: findings, a summary
};

struct ChildRequest {
    ChildTask task = ChildTask::fetch;
    FetchRequest question;  // of the two checks its deadline and token
};

// By when uids are looked up, once the summary was there.
Deadline lookups_end(const FetchRequest& request, Deadline answered);

// Fails where the child is gone.
bool send_request(int fd, const ChildRequest& request);
// Nothing where the parent is gone.
std::optional<ChildRequest> receive_request(int fd);

}  // namespace together
