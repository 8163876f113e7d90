// SPDX-License-Identifier: Apache-2.0
// PROJECT.roster.v1.lock: three locks in one file, on one byte each (open file description locks,
// fcntl(2): they belong to the descriptor, end with it, and exclude threads too).
//
//   refresh held by the caller that has together-refresh executed on demand: 200 logins at a cold
//           node are one request
//   write   held by together-refresh while it compares and replaces the snapshot, never while it
//           waits for the network
//   removal held by the watcher that ends what those have who left the roster, while it runs
//
// More than one, because the helper gets no descriptor of its caller's, and must not write without
// a lock when that caller is killed.
#pragma once

#include "common/roster/roster_paths.h"
#include "common/system/file_descriptor.h"
#include "common/system/result.h"

namespace together {

enum class LockPart : int { refresh = 0, write = 1, removal = 2 };

class RosterLock {
  public:
    // Opens the file, makes it (0600) where it is missing. Holds nothing yet.
    static Result<RosterLock> open(const RosterPaths& paths);

    // At once; false where somebody else holds it.
    bool try_acquire(LockPart part);
    bool is_free(LockPart part) const;
    void release(LockPart part);

  private:
    explicit RosterLock(FileDescriptor file) : file_(std::move(file)) {}
    FileDescriptor file_;
};

}  // namespace together
