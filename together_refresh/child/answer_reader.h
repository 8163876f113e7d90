// SPDX-License-Identifier: Apache-2.0
// The parent's end of the stream from its unprivileged child: which frames a task's answer may
// have, in which order and how many, and by when. Nothing that a child writes holds the parent
// longer.
#pragma once

#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "together_refresh/child/frames.h"
#include "together_refresh/child/request.h"

namespace together {

// What the parent has received so far.
struct Received {
    std::vector<RosterEntry> entries;
    RosterAccounts accounts;
    std::vector<ConformanceResult> conformance;
    std::vector<AccessFinding> access;
    std::optional<FetchSummary> summary;
    Deadline answered;                                // when the summary came
    std::vector<std::pair<std::string, uid_t>> uids;  // no_uid: the node has no such account
};

enum class PipeEnd {
    complete,  // the whole answer, its end included
    closed,    // the child ended
    deadline,  // what was received before it may be used where the summary is among it
    stopped,   // `stop` became readable
    nonsense,  // nothing received may be used
};

// For --verbose.
using NoteHandler = std::function<void(const std::string&)>;

// Until the summary has come, the request's deadline holds; after it, lookups_end().
PipeEnd receive(int fd, const ChildRequest& request, int stop, Received& received,
                const NoteHandler& note);

}  // namespace together
