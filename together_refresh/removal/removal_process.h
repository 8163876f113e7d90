// SPDX-License-Identifier: Apache-2.0
// The process beside together-refresh --watch that does what [gate] on_removal says. It looks at
// what stands on the disk, once a second: whoever wrote the roster, and whatever the watcher waits
// for.
#pragma once

#include <string>

#include "common/config/config.h"
#include "together_refresh/process/companion_process.h"

namespace together {

class RemovalProcess {
  public:
    explicit RemovalProcess(const std::string& config_path);

    // Starts it where it does not run and is wanted; where it is not, ends it and forgets whom it
    // knew. Only root's watcher ends anything.
    void keep_running(const Config& config);

  private:
    CompanionProcess process_;
};

}  // namespace together
