// SPDX-License-Identifier: Apache-2.0
// Accounts of the node's other name services (SSSD, LDAP): the roster shadows none of theirs
// either.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "together_refresh/child/frame_writer.h"
#include "together_refresh/source/fetch.h"

namespace together {

// Of the line of that database in nsswitch.conf, a blank between them, without files, which is read
// by itself, and ours. Pure.
std::string other_services(std::string_view nsswitch, std::string_view database);

using People = std::vector<std::pair<std::string, uid_t>>;  // login, the authority's uid

struct QuestionsToServices {
    People people;
    std::string group_name;
    std::optional<RosterGroup> group;
};

// Asks them about those who have no account of ours with that uid yet, and tells what they know of
// their logins, uids and own groups, and of the project's groups, and about whom they answered. In
// a process of its own, which ends afterwards; that one hangs is its parent's to end.
void ask_other_services(QuestionsToServices questions, Deadline deadline, int channel);

}  // namespace together
