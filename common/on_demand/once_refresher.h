// SPDX-License-Identifier: Apache-2.0
// For one who asks about many: a hundred absent names must not be a hundred requests.
#pragma once

#include <optional>

#include "common/on_demand/on_demand.h"

namespace together {

// Refreshes on demand as sshd does, the first time; later callers decide from what that brought.
class OnceRefresher : public Refresher {
  public:
    explicit OnceRefresher(Clock& clock) : refresher_(clock) {}

    RefreshAttempt refresh(const Config& config, const std::optional<Moment>& seen) override {
        if (asked_ || !may_refresh()) return none_.refresh(config, seen);
        asked_ = true;
        return refresher_.refresh(config, seen);
    }

  private:
    OnDemandRefresher refresher_;
    NoRefresher none_;
    bool asked_ = false;
};

}  // namespace together
