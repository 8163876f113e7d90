// SPDX-License-Identifier: Apache-2.0
// Refreshing on demand: who waits, who asks, and how together-refresh is executed so that neither a
// hang in DNS, TLS or HTTP nor a hostile calling program can hold the caller longer than its
// deadline.
#pragma once

#include <optional>

#include "common/on_demand/refresher.h"
#include "common/system/clock.h"

namespace together {

// True where real, effective and saved uid are 0: sshd, slurmstepd. The invoker of sudo, su or srun
// controls too much of what a child would inherit (limits, signals, control group).
bool may_refresh();

// One caller at a time executes the helper (it holds the lock's first byte, see roster_lock.h); the
// others wait for its result within their own deadline. While the back-off after a failed attempt
// lasts nobody waits at all. Thread-safe, keeps no state.
class OnDemandRefresher : public Refresher {
  public:
    explicit OnDemandRefresher(Clock& clock) : clock_(clock) {}
    RefreshAttempt refresh(const Config& config, const std::optional<Moment>& seen) override;

  private:
    Clock& clock_;
};

}  // namespace together
