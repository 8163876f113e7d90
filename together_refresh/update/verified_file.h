// SPDX-License-Identifier: Apache-2.0
// A file that a watcher has read whole, so that it need not do so again in each round.
#pragma once

#include <sys/stat.h>

#include <functional>
#include <optional>

#include "common/roster/checksum.h"
#include "common/system/clock.h"

namespace together {

// Not thread-safe.
class VerifiedFile {
  public:
    explicit VerifiedFile(Clock& clock) : clock_(clock) {}

    // Asks `verify`, which reads all of the file, unless it is the one that was intact before and
    // nobody has written into it since. Once an hour it is read all the same: a disk changes a file
    // without a trace. `digest` is what the file's header says.
    bool is_intact(const struct stat& status, const Digest& digest,
                   const std::function<bool()>& verify);

  private:
    struct Seen {
        dev_t device;
        ino_t inode;
        off_t size;
        timespec changed;
        Digest digest;
        Moment read;
    };
    bool is_the_one_seen(const struct stat& status, const Digest& digest, const Moment& now) const;

    Clock& clock_;
    std::optional<Seen> seen_;
};

}  // namespace together
