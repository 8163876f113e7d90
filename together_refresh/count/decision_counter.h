// SPDX-License-Identifier: Apache-2.0
// The process beside together-refresh --watch that counts this node's decisions, which arrive at
// any time.
#pragma once

#include <string>

#include "together_refresh/process/companion_process.h"

namespace together {

class DecisionCounter {
  public:
    explicit DecisionCounter(const std::string& config_path);

    // Starts it where it does not run. Only root's watcher counts: nobody else's is believed.
    void keep_running();

  private:
    CompanionProcess process_;
};

}  // namespace together
