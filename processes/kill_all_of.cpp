// SPDX-License-Identifier: Apache-2.0
#include "processes/kill_all_of.h"

#include <signal.h>
#include <unistd.h>

#include <cerrno>

#include "common/system/errno_text.h"
#include "processes/child.h"

namespace together {

using namespace std::chrono_literals;

// The kernel goes through all of them while nobody can fork (kill(2), -1), as no loop of ours can.
// The child may be stopped or killed by those that it is about to kill: hence the patience.
Result<void> kill_all_of(uid_t uid) {
    if (uid == 0) return failure("root's processes are not killed");
    const auto done = run_child(0, {.patience = 1s}, [uid](const auto&) {
        if (::setresuid(uid, uid, uid) != 0) return errno;
        if (::getuid() != uid || ::geteuid() != uid) return EPERM;
        return ::kill(-1, SIGKILL) == 0 || errno == ESRCH ? 0 : errno;
    });
    if (!done) return tl::make_unexpected(done.error());
    if (done->status != 0) return failure("the kernel did not kill all at once");
    return {};
}

}  // namespace together
