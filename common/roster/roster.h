// SPDX-License-Identifier: Apache-2.0
// A project's roster as it stands on this node: the open snapshot and how old it is.
#pragma once

#include <optional>

#include "common/roster/roster_paths.h"
#include "common/roster/snapshot.h"
#include "common/roster/stamp.h"

namespace together {

struct Roster {
    Snapshot snapshot;
    Moment validated;  // the later of the snapshot's own stamp and the stamp file's
    Age age;
};

// Opens what is there now; fails with the reason why it cannot be used. The age is not judged.
tl::expected<Roster, OpenFailure> open_roster(const Config& config, const Moment& now);
// As of now.
tl::expected<Roster, OpenFailure> open_roster(const Config& config, Clock& clock);

// The stamp file's content, where it can be trusted and is whole.
std::optional<Stamp> read_stamp(const RosterPaths& paths);

}  // namespace together
