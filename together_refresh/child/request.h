// SPDX-License-Identifier: Apache-2.0
// What the parent has its unprivileged child do. The child trusts its parent.
#pragma once

#include <cstdint>
#include <optional>

#include "together_refresh/source/fetch.h"
#include "together_refresh/source/last_seen_report.h"

namespace together {

enum class ChildTask : std::uint8_t {
    fetch,         // the roster: entries, a summary, uids
    conformance,   // together-refresh --api-check: findings, a summary
    access_check,  // together-refresh --check-access: findings, a summary
    last_seen,     // [api] report_last_seen: a summary
};

struct ChildRequest {
    ChildTask task = ChildTask::fetch;
    FetchRequest question;                // of others than fetch its deadline, token and node
    std::vector<PersonSeen> people = {};  // of last_seen
};

// By when uids are looked up, once the summary was there.
Deadline lookups_end(const FetchRequest& request, Deadline answered);

// Fails where the child is gone.
bool send_request(int fd, const ChildRequest& request);
// Nothing where the parent is gone.
std::optional<ChildRequest> receive_request(int fd);

}  // namespace together
