// One round of together-refresh: ask, compare, replace or extend, remember.
#pragma once

#include <functional>
#include <string>

#include "clock.h"
#include "config.h"
#include "mark.h"
#include "options.h"

namespace together {

struct RoundResult {
    RefreshOutcome outcome = RefreshOutcome::no_answer;
    std::string message;  // what happened, for a person
    std::optional<Nanoseconds> retry_after;
    bool was_held = false;  // the authority answered when it had news, or its wait was up
};

// Speaks to a person: stderr, or the journal under systemd.
using RefreshLog = std::function<void(const std::string&)>;

RoundResult run_round(const Config& config, const RefreshOptions& options, Clock& clock,
                      const RefreshLog& log);

// How long a round may take. An adapter's deadline is the outer one: the helper's own must be
// shorter, so that it can still write its mark before it is killed.
Nanoseconds fetch_limit(const Config& config, RefreshKind kind);

}  // namespace together
