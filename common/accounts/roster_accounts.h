// SPDX-License-Identifier: Apache-2.0
// What a roster says beside its entries when it is asked with include=accounts.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace together {

struct RosterGroup {
    std::string name;  // as the authority wrote it
    std::optional<gid_t> gid;
    std::optional<gid_t> admin_gid;

    bool operator==(const RosterGroup&) const = default;
};

struct SshKey {
    std::string login;
    std::string text;  // canonical

    bool operator==(const SshKey&) const = default;
};

struct RosterAccounts {
    std::optional<RosterGroup> group;
    std::vector<SshKey> keys;  // those of an entry stand together
    // Not the roster's: accounts of the node's other name services, with a login or uid of it.
    std::vector<std::pair<std::string, uid_t>> elsewhere;
    std::vector<std::pair<std::string, gid_t>> groups_elsewhere;
    // About whom, and about the project's group of what name, those services gave an answer in
    // time, found or not. Who is new and was not asked about waits: an authority that answers
    // slowly would leave no time to ask.
    std::vector<std::string> asked;
    bool none_to_ask = false;  // the node has no such service
};

inline constexpr std::size_t max_group_name = 32;
// Of a whole roster: two keys of a usual length for each of a million collaborators.
inline constexpr std::size_t max_key_bytes = std::size_t{256} * 1024 * 1024;

}  // namespace together
