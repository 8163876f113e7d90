// SPDX-License-Identifier: Apache-2.0
#include "processes/held_process.h"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

// Through syscall(2), as in common/on_demand/helper_process.cpp.
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif

namespace together {

HeldProcess::HeldProcess(const Process& process)
    : pid_(process.pid),
      pidfd_(static_cast<int>(::syscall(SYS_pidfd_open, process.pid, 0U))),
      now_(look_again(process)) {}  // now that it is held

void HeldProcess::signal(int number) const {
    if (now_ != StillThere::same || ended()) return;
    if (pidfd_)
        ::syscall(SYS_pidfd_send_signal, pidfd_.get(), number, nullptr, 0U);
    else
        ::kill(pid_, number);
}

bool HeldProcess::ended() const {
    if (now_ != StillThere::same) return now_ == StillThere::gone;
    if (!pidfd_) return ::kill(pid_, 0) != 0;
    pollfd end{pidfd_.get(), POLLIN, 0};
    return ::poll(&end, 1, 0) == 1;
}

bool all_ended(const std::vector<HeldProcess>& held, std::chrono::milliseconds patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (true) {
        if (std::all_of(held.begin(), held.end(),
                        [](const HeldProcess& one) { return one.ended(); }))
            return true;
        if (std::chrono::steady_clock::now() > deadline) return false;
        ::poll(nullptr, 0, 10);
    }
}

}  // namespace together
