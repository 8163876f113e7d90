// SPDX-License-Identifier: Apache-2.0
// What stands on the disk, as status, roster and refresh show it.
#pragma once

#include <json/value.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cli/output.h"
#include "common/roster/roster.h"

namespace together::ctl {

struct RosterState {
    enum class Kind {
        fresh,
        old,  // older than fresh_for, within stale_for: decides while nothing newer is to be had
        too_old,  // decides nothing
        unusable,
    } kind = Kind::unusable;
    std::string path;
    std::string problem;                     // why it is unusable
    std::optional<together::Roster> roster;  // where it is usable

    bool decides() const { return kind == Kind::fresh || kind == Kind::old; }
};

// Reads the whole snapshot once, to be sure of it.
RosterState look_at_roster(const together::Config& config, const together::Moment& now);

std::string_view name_of(RosterState::Kind kind);
Tone tone_of(RosterState::Kind kind);

// "4.2s old", or that its age is unknown.
std::string age_text(const together::Age& age);
std::string counts_text(const together::SnapshotHeader& header);
std::optional<std::int64_t> revision_of(const together::SnapshotHeader& header);

Json::Value json_of(const RosterState& state);

double in_seconds(together::Nanoseconds duration);

}  // namespace together::ctl
