// SPDX-License-Identifier: Apache-2.0
// A process that was forked and is to end with whoever keeps this.
#pragma once

#include <sys/types.h>

#include <utility>

namespace together {

// Kills and reaps it when it is destroyed. One thread; nobody else may wait for it.
class ForkedProcess {
  public:
    ForkedProcess() = default;
    // Of fork(2): one that failed is none.
    explicit ForkedProcess(pid_t pid) : pid_(pid) {}
    ForkedProcess(ForkedProcess&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
    ForkedProcess& operator=(ForkedProcess&& other) noexcept;
    ~ForkedProcess() { end(); }

    // Not whether it still runs.
    explicit operator bool() const { return pid_ > 0; }
    // Reaps it once it has ended; then it is none.
    bool is_running();
    void end();

  private:
    pid_t pid_ = -1;
};

}  // namespace together
