// SPDX-License-Identifier: Apache-2.0
// How the gate has its roster refreshed. A seam: the real one executes together-refresh, tests put
// a hand-written fake here.
#pragma once

#include <optional>
#include <string>

#include "common/config/config.h"

namespace together {

struct RefreshAttempt {
    enum class Outcome {
        not_permitted,  // this caller may not; nothing was touched
        tried,          // look again at what is on the disk: only that counts
    } outcome = Outcome::not_permitted;
    std::string problem;  // what went wrong, as far as the caller can tell; for the log
    // It was this node that could not take an answer, whatever the authority would have said.
    bool node_fault = false;
};

class Refresher {
  public:
    virtual ~Refresher() = default;
    // Blocks up to config.deadline. `seen` is when the roster that was not good enough had been
    // validated: one that is newer by now, because somebody else asked, is enough.
    virtual RefreshAttempt refresh(const Config& config, const std::optional<Moment>& seen) = 0;
};

// For callers that decide from the snapshot that is there.
class NoRefresher : public Refresher {
  public:
    RefreshAttempt refresh(const Config&, const std::optional<Moment>&) override { return {}; }
};

}  // namespace together
