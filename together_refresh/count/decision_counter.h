// SPDX-License-Identifier: Apache-2.0
// The process beside together-refresh --watch that counts this node's decisions. One of its own,
// because a round may wait for the authority for a minute and a half, and decisions arrive
// meanwhile.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>

#include "together_refresh/process/options.h"

namespace together {

// Ends its process when it is destroyed. One thread.
class DecisionCounter {
  public:
    explicit DecisionCounter(std::string config_path) : config_path_(std::move(config_path)) {}
    DecisionCounter(const DecisionCounter&) = delete;
    DecisionCounter& operator=(const DecisionCounter&) = delete;
    ~DecisionCounter();

    // Starts it where it does not run, but not in a loop. Only root's watcher counts: nobody else's
    // is believed.
    void keep_running();

  private:
    std::string config_path_;
    pid_t pid_ = -1;
    std::chrono::steady_clock::time_point started_;
};

}  // namespace together
