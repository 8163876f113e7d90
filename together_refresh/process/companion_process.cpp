// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/process/companion_process.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstdio>
#include <exception>

#include "together_refresh/process/process_setup.h"

namespace together {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr auto between_starts = 10s;

}  // namespace

void CompanionProcess::keep_running() {
    if (process_.is_running()) return;
    if (started_ != Steady::time_point{} && Steady::now() - started_ < between_starts) return;
    started_ = Steady::now();
    const pid_t watcher = ::getpid();
    const pid_t pid = ::fork();
    if (pid == 0) run(watcher);
    process_ = ForkedProcess(pid);
}

void CompanionProcess::run(pid_t watcher) const {
    try {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != watcher) ::_exit(0);
        reset_inherited_state();
        keep_only_descriptors({});
        body_();
    } catch (const std::exception& error) {
        (void)std::fprintf(stderr, "together-refresh: %s: %s\n", what_.c_str(), error.what());
    }
    ::_exit(1);
}

}  // namespace together
