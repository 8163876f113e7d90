// SPDX-License-Identifier: Apache-2.0
// The files of one project's roster, all in [roster] directory.
#pragma once

#include <string>

#include "common/config/config.h"

namespace together {

struct RosterPaths {
    std::string directory;
    std::string snapshot;  // PROJECT.roster.v1, 0644, replaced whole

    explicit RosterPaths(const Config& config)
        : directory(config.directory),
          snapshot(config.directory + "/" + config.project + ".roster.v1") {}

    // When it was last validated, 0644, overwritten in place.
    std::string stamp() const { return snapshot + ".stamp"; }
    // The last attempt and how long nobody asks again, 0644, in place.
    std::string last_attempt() const { return snapshot + ".attempt"; }
    // 0600: whoever can open a file can lock it.
    std::string lock() const { return snapshot + ".lock"; }
    // The next snapshot while it is written.
    std::string temporary() const { return snapshot + ".new"; }
    // 0600: room for it where the disk has none.
    std::string spare() const { return snapshot + ".spare"; }
    // 0600: the roster with which the next one is compared, to see who left ([gate] on_removal),
    // and who did. Not a project's: what was seen of another one says nothing, however long ago.
    std::string before() const { return directory + "/before.roster.v1"; }
    std::string leavers() const { return directory + "/leavers.v1"; }
    // Where the authority was reached last, 0644, in place.
    std::string addresses() const { return snapshot + ".addresses"; }
};

}  // namespace together
