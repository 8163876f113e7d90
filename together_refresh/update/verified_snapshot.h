// SPDX-License-Identifier: Apache-2.0
// What a watcher has read of the whole snapshot, so that an unchanged roster costs it the same
// whatever its size.
#pragma once

#include <sys/stat.h>

#include <optional>
#include <string>
#include <vector>

#include "common/roster/snapshot.h"

namespace together {

// Not thread-safe.
class VerifiedSnapshot {
  public:
    explicit VerifiedSnapshot(Clock& clock) : clock_(clock) {}

    // Reads all of the file, unless it is the one that was intact before and nobody has written
    // into it since. Once an hour it is read all the same: a disk changes a file without a trace.
    bool is_intact(const Snapshot& snapshot);

    struct Logins {
        std::vector<std::string> without_uid;
        std::vector<std::string> with_the_nodes_uid;
    };
    // Of one that is_intact() has just found intact.
    const Logins& logins_to_look_up(const Snapshot& snapshot);

  private:
    struct Seen {
        dev_t device;
        ino_t inode;
        off_t size;
        timespec changed;
        Digest digest;
        Moment read;
    };
    bool is_the_one_seen(const Snapshot& snapshot, const Moment& now) const;

    Clock& clock_;
    std::optional<Seen> seen_;
    std::optional<Digest> logins_of_;
    Logins logins_;
};

}  // namespace together
