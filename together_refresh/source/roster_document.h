// SPDX-License-Identifier: Apache-2.0
// One page of a roster as the authority sends it (docs/role-api.md): taken whole or not at all.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/accounts/roster_accounts.h"
#include "common/node_config/node_config.h"
#include "common/roster/snapshot.h"
#include "common/system/result.h"
#include "common/system/uids.h"

namespace together {

// 30,000 entries: what nodes ask for is 1,000.
inline constexpr std::size_t max_values_of_a_page = 250'000;

struct RosterPage {
    std::vector<RosterEntry> entries;
    std::vector<std::string> left_out;  // user ids of entries without a usable login
    std::optional<std::int64_t> revision;
    std::string next_cursor;  // empty: the last page
    RosterAccounts accounts = {};
    std::size_t keys_left_out = 0;
};

enum class Include : bool {
    roles,     // group and ssh_keys are unknown fields, like others
    accounts,  // what is there of them is read; a company's own API may have neither
};

struct PageRefusal {
    enum class Part {
        syntax,   // it is no JSON
        list,     // what stands around the entries
        entries,  // one of them
    } part = Part::syntax;
    std::string message;
};

// What a node asks for.
inline Include included(const NodeConfig& config) {
    return config.accounts.enabled ? Include::accounts : Include::roles;
}

// Refuses, with a sentence that names the entry and the field: bad UTF-8, anything that is not
// strict JSON, a missing field, a wrong type, another project. Unknown fields are ignored; an
// absent uid is null, an absent external false, as companies' own APIs have neither. An entry whose
// login is null or of another form than the node's is left out, and so is a key that is none for
// sshd, or one too many: one person's must not keep a roster from everybody. `max_values` bounds
// the memory that a page from the network costs; a file of root's needs no bound.
tl::expected<RosterPage, PageRefusal> parse_roster_page(
    std::string_view json, const std::string& project, Include include = Include::roles,
    std::size_t max_values = max_values_of_a_page);

// What holds for every entry, whoever sent it; also the parent's check of its child.
bool is_valid_entry(const RosterEntry& entry);
bool is_valid_group(const RosterGroup& group);

}  // namespace together
