// SPDX-License-Identifier: Apache-2.0
// A process beside together-refresh --watch, for what cannot wait until a round has ended: one may
// take a minute and a half.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>

#include "together_refresh/process/forked_process.h"

namespace together {

// Ends it when it is destroyed. One thread.
class CompanionProcess {
  public:
    // `body` runs in a copy of the watcher that has none of its descriptors but the standard ones
    // and dies with it; where it returns or throws, that is said as a failure of `what`.
    CompanionProcess(std::string what, std::function<void()> body)
        : what_(std::move(what)), body_(std::move(body)) {}

    // Starts it where it does not run, but not in a loop.
    void keep_running();
    void end() { process_.end(); }

  private:
    [[noreturn]] void run(pid_t watcher) const;

    std::string what_;
    std::function<void()> body_;
    ForkedProcess process_;
    std::chrono::steady_clock::time_point started_;
};

}  // namespace together
