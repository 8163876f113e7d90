// SPDX-License-Identifier: Apache-2.0
// A process that is to be ended, and no other one that took over its pid.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <vector>

#include "common/system/file_descriptor.h"
#include "processes/node_process.h"

namespace together {

class HeldProcess {
  public:
    explicit HeldProcess(const Process& process);

    // /proc does not say whether it is still the same: it gets no signal.
    bool unknown() const { return now_ == StillThere::unknown; }
    void signal(int number) const;
    bool ended() const;

  private:
    pid_t pid_;
    FileDescriptor pidfd_;  // none where the kernel has no pidfd (before 5.3)
    StillThere now_;
};

// Waits for it at most so long.
bool all_ended(const std::vector<HeldProcess>& held, std::chrono::milliseconds patience);

}  // namespace together
