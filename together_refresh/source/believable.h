// SPDX-License-Identifier: Apache-2.0
// What makes a valid document a roster that is believed.
#pragma once

#include <optional>
#include <string>

#include "together_refresh/source/roster_document.h"

namespace together {

// A hostile authority must not fill the node's memory. A file of root's has the same bound.
inline constexpr std::size_t max_roster_entries = 1'000'000;

struct RosterCounts {
    std::size_t entries = 0;
    std::size_t admins = 0;
    std::size_t left_out = 0;
    std::size_t unknown_roles = 0;
    std::size_t key_bytes = 0;
    std::size_t keys_left_out = 0;

    void add(const RosterPage& page);
};

// Why it is not believed: an outage behind a proxy looks like a roster without entries, and one of
// more than max_roster_entries is no project's.
std::optional<std::string> why_too_large(const RosterCounts& counts);  // known before its end
std::optional<std::string> why_not_believed(const RosterCounts& counts);

// What a person should know of one that is believed; empty where there is nothing.
std::string warnings_about(const RosterCounts& counts);

}  // namespace together
