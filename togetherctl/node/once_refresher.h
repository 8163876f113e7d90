// SPDX-License-Identifier: Apache-2.0
// For one who asks about many: a hundred absent names must not be a hundred requests.
#pragma once

#include <optional>

#include "common/on_demand/on_demand.h"

namespace together::ctl {

// Refreshes on demand as sshd does, the first time; later callers decide from what that brought.
class OnceRefresher : public together::Refresher {
  public:
    explicit OnceRefresher(together::Clock& clock) : refresher_(clock) {}

    together::RefreshAttempt refresh(const together::Config& config,
                                     const std::optional<together::Moment>& seen) override {
        if (asked_ || !together::may_refresh()) return none_.refresh(config, seen);
        asked_ = true;
        return refresher_.refresh(config, seen);
    }

  private:
    together::OnDemandRefresher refresher_;
    together::NoRefresher none_;
    bool asked_ = false;
};

}  // namespace together::ctl
