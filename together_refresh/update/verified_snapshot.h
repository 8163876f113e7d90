// SPDX-License-Identifier: Apache-2.0
// What a watcher has read of the whole snapshot, so that an unchanged roster costs it the same
// whatever its size.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/roster/snapshot.h"
#include "together_refresh/update/verified_file.h"

namespace together {

// Not thread-safe.
class VerifiedSnapshot {
  public:
    explicit VerifiedSnapshot(Clock& clock) : file_(clock) {}

    // Reads all of the file where that is needed (verified_file.h).
    bool is_intact(const Snapshot& snapshot) {
        return file_.is_intact(snapshot.status(), snapshot.header().digest,
                               [&] { return snapshot.verify_intact(); });
    }

    struct Logins {
        std::vector<std::string> without_uid;
        std::vector<std::string> with_the_nodes_uid;
    };
    // Of one that is_intact() has just found intact.
    const Logins& logins_to_look_up(const Snapshot& snapshot);

  private:
    VerifiedFile file_;
    std::optional<Digest> logins_of_;
    Logins logins_;
};

}  // namespace together
