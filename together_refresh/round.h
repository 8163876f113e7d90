// SPDX-License-Identifier: Apache-2.0
// One round of together-refresh: ask, compare, replace or extend, remember.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/roster/last_attempt.h"
#include "common/system/clock.h"
#include "together_refresh/child/unprivileged_child.h"
#include "together_refresh/process/options.h"
#include "together_refresh/process/refresh_config.h"
#include "together_refresh/source/request_limits.h"
#include "together_refresh/update/accounts_keeper.h"
#include "together_refresh/update/verified_snapshot.h"

namespace together {

struct RoundResult {
    RefreshOutcome outcome = RefreshOutcome::no_answer;
    std::string message;     // what happened, for a person
    std::string request_id;  // of the authority's answer, where it has one
    std::optional<Nanoseconds> retry_after;
    bool may_long_poll = false;  // the next may be a long poll: ask again at once
    bool was_long_poll = false;  // the authority answered when it had news, or its wait was up
    bool changed = false;        // there is a new snapshot
    bool stopped = false;        // `stop` became readable
};

// With the request id, by which whoever runs the authority finds the request in its log.
std::string log_text(const RoundResult& result);

// Speaks to a person: stderr, or the journal under systemd.
using RefreshLog = std::function<void(const std::string&)>;

// Rounds of one process. Keeps the child between them where that saves a connection (HTTP under
// --watch). Not thread-safe.
class Rounds {
  public:
    // `stop`: a descriptor that ends a round when it becomes readable, or -1.
    Rounds(const RefreshOptions& options, Clock& clock, RefreshLog log, int stop = -1);
    ~Rounds();
    Rounds(const Rounds&) = delete;
    Rounds& operator=(const Rounds&) = delete;

    RoundResult run(const RefreshConfig& config);

  private:
    friend class Round;
    const RefreshOptions& options_;
    Clock& clock_;
    RefreshLog log_;
    int stop_;
    std::unique_ptr<UnprivilegedChild> child_;
    NodeConfig child_config_;
    VerifiedSnapshot verified_{clock_};
    AccountsKeeper accounts_{clock_};
    std::string accounts_problem_;
    std::optional<Digest> without_account_;
};

}  // namespace together
