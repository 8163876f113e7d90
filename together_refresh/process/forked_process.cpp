// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/process/forked_process.h"

#include <signal.h>
#include <sys/wait.h>

#include <cerrno>

namespace together {

ForkedProcess& ForkedProcess::operator=(ForkedProcess&& other) noexcept {
    if (this != &other) {
        end();
        pid_ = std::exchange(other.pid_, -1);
    }
    return *this;
}

bool ForkedProcess::is_running() {
    if (pid_ > 0 && ::waitpid(pid_, nullptr, WNOHANG) == 0) return true;
    pid_ = -1;
    return false;
}

void ForkedProcess::end() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) continue;
    pid_ = -1;
}

}  // namespace together
