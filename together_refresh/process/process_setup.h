// SPDX-License-Identifier: Apache-2.0
// What together-refresh changes of what it inherited: its caller may be a service whose umask,
// limits and signal mask a user set (seen with su).
#pragma once

#include "common/system/clock.h"
#include "common/system/result.h"

namespace together {

// Resets umask, signal dispositions and mask, soft limits, nice value and working directory.
void reset_inherited_state();

// Nothing in it is a setting of ours, and libraries would take some from it (curl's SSLKEYLOGFILE).
// The service manager's own variable stays.
void forget_environment();

// A roster is taken and given back in tens of thousands of small pieces, page after page: they are
// not sorted by their size for others like them, and up to some megabytes do not go back to the
// kernel, which would have to clear them for the next page.
void keep_freed_memory();

// For a child that outlives no terminal and writes to none.
void leave_terminal();

// SIGALRM ends this process after `limit`, whatever it hangs in: a last resort, later than every
// deadline of its own.
void set_alarm(Nanoseconds limit);

// Asks for SIGKILL at the parent's end. Call after the last change of credentials, which clears the
// request (prctl(2)). False where the parent is gone already: a process whose reader's end of the
// pipe `pipe` is closed, has none.
bool die_with_parent(int pipe);

// Descriptors 0 to 2 are open after this; others from 3 on but `keep` are closed.
void keep_only_descriptors(const std::initializer_list<int>& keep);

// Becomes the unprivileged user `together`, or `nobody`, where it runs as root; nothing to do where
// it does not. Sets no_new_privs in any case. Looks the user up in /etc/passwd alone: a name
// service can hang, and its users are not ours.
Result<void> drop_privileges();

}  // namespace together
