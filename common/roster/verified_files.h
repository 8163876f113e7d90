// SPDX-License-Identifier: Apache-2.0
// The snapshot whose whole checksum was compared last, so that a host that lives long (slurmctld)
// reads a roster once, and not anew for every absent uid while it holds its locks.
//
// A file is known by device, inode, time of its last change, size and digest: it is replaced by
// rename and never changed in place. A damaged one is remembered too.
#pragma once

#include <mutex>
#include <optional>

#include "common/roster/snapshot.h"

namespace together {

// Thread-safe. Callers that ask for a file while another reads it wait for that reading.
class VerifiedFiles {
  public:
    // What snapshot.verify_whole() says, from memory where this file was the last one asked for.
    bool holds(const Snapshot& snapshot);

  private:
    struct Known {
        struct stat status;
        Digest digest;
        bool whole;
    };

    std::mutex mutex_;
    std::optional<Known> known_;
};

}  // namespace together
