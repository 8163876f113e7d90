// SPDX-License-Identifier: Apache-2.0
// The files of one project's roster, all in [roster] directory.
#pragma once

#include <string>

#include "common/config/config.h"

namespace together {

struct RosterPaths {
    std::string directory;
    std::string snapshot;      // PROJECT.roster.v1, 0644, replaced whole
    std::string stamp;         // when it was last validated, 0644, overwritten in place
    std::string last_attempt;  // the last attempt and how long nobody asks again, 0644, in place
    std::string lock;          // 0600: whoever can open a file can lock it
    std::string temporary;     // the next snapshot while it is written
    std::string spare;         // 0600: room for it where the disk has none
    std::string addresses;     // where the authority was reached last, 0644, in place

    explicit RosterPaths(const Config& config)
        : directory(config.directory),
          snapshot(config.directory + "/" + config.project + ".roster.v1"),
          stamp(snapshot + ".stamp"),
          last_attempt(snapshot + ".attempt"),
          lock(snapshot + ".lock"),
          temporary(snapshot + ".new"),
          spare(snapshot + ".spare"),
          addresses(snapshot + ".addresses") {}
};

}  // namespace together
