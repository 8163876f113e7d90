// SPDX-License-Identifier: Apache-2.0
// Who gets which account and which groups on this node. Pure: the roster, the configuration, what
// the node has, what it had, and the time.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/accounts/no_account.h"
#include "common/accounts/node_names.h"
#include "common/accounts/roster_accounts.h"
#include "common/node_config/node_config.h"
#include "common/roster/snapshot.h"
#include "common/system/clock.h"
#include "common/system/uids.h"

namespace together {

struct Account {
    std::string login;
    std::string gecos;  // the user id; its private group has its uid for gid
    uid_t uid = 0;
    std::vector<gid_t> groups;
    bool is_the_nodes = false;  // the account is the node's; its groups alone are ours

    bool operator==(const Account&) const = default;
};

// Found by its uid alone, so that files have an owner's name; nobody else gets the uid.
struct RemovedAccount {
    std::string login;
    std::string gecos;
    uid_t uid = 0;
    Moment removed;
    bool is_found = true;  // false: the node has that login now; the uid is kept all the same

    bool operator==(const RemovedAccount&) const = default;
};

struct AccountGroup {
    std::string name;
    gid_t gid = 0;
    std::vector<std::string> members;

    bool operator==(const AccountGroup&) const = default;
};

// Files may belong to it: for keep_removed after the group is gone, no group but the same of the
// same project gets this gid, and nobody this uid.
struct UsedGid {
    gid_t gid = 0;
    std::string project;
    bool for_admins = false;
    std::optional<Moment> removed;  // nothing while the group is there

    bool operator==(const UsedGid&) const = default;
};

// Of a node that lost whom it had: each id may be somebody's, and nobody gets one who has not shown
// that it is theirs.
inline constexpr gid_t every_id = no_uid;

struct WithoutAccount {
    std::string name;  // a login, or a group's name
    NoAccount reason{};

    bool operator==(const WithoutAccount&) const = default;
};

struct Accounts {
    std::vector<Account> accounts;
    std::vector<RemovedAccount> removed;
    std::vector<AccountGroup> groups;
    std::vector<UsedGid> used_gids;
    std::vector<WithoutAccount> without;
};

struct AccountsInput {
    const NodeConfig& config;
    const std::vector<RosterEntry>& entries;  // of a snapshot: what is shared is marked
    const std::optional<RosterGroup>& group;
    const NodeNames& node;
    const Accounts& before;  // its accounts, removed and used_gids
    Moment now;
    Moment seen{};  // when this node is known to have been up last, before now
};

Accounts derive_accounts(const AccountsInput& input);

inline constexpr std::string_view admin_suffix = "-admin";

// A user id as it stands in an account.
std::string gecos_of(std::string user_id);

// The node's own word, else the authority's, else one made from the project.
std::string group_name(const NodeConfig& config, const std::optional<RosterGroup>& group);

}  // namespace together
