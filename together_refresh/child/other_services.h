// SPDX-License-Identifier: Apache-2.0
// Accounts of the node's other name services (SSSD, LDAP): the roster shadows none of theirs
// either.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "together_refresh/child/frame_writer.h"
#include "together_refresh/source/fetch.h"

namespace together {

// Of the line passwd: of nsswitch.conf, a blank between them, without files, which is read by
// itself, and ours. Pure.
std::string other_services(std::string_view nsswitch);

using People = std::vector<std::pair<std::string, uid_t>>;  // login, the authority's uid

// Asks them about those who have no account of ours with that uid yet, and tells what they know of
// their logins and uids, and about whom they answered. In a process of its own, which ends
// afterwards; that one hangs is its parent's to end.
void ask_other_services(People people, Deadline deadline, int channel);

}  // namespace together
