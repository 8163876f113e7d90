// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/probe/examination.h"

namespace together {

Result<void> examine_authority(const Config& config, const std::string& token, MakeSource source,
                               Nanoseconds limit, const NoteHandler& note) {
    auto child = FetchChild::start(config, -1, source);
    if (!child) return tl::make_unexpected(child.error());
    FetchRequest request;
    request.deadline = std::chrono::steady_clock::now() + limit;
    request.lookups_deadline = request.deadline;
    request.lookups_limit = {};
    request.token = token;
    const auto result = (*child)->fetch(request, -1, note);
    if (result.summary.outcome == FetchOutcome::our_fault) return failure(result.summary.message);
    return {};
}

}  // namespace together
