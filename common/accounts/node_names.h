// SPDX-License-Identifier: Apache-2.0
// The accounts and groups that this node has by itself, and the names that its packages may make
// into some: what the roster never shadows.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "common/roster/checksum.h"
#include "common/system/result.h"

namespace together {

struct NodeNames {
    std::unordered_map<std::string, uid_t> users;
    std::unordered_map<std::string, gid_t> groups;
    std::unordered_set<uid_t> uids;
    std::unordered_set<gid_t> gids;                  // of groups
    std::unordered_set<gid_t> primary_gids;          // of users
    std::unordered_set<std::string> folded;          // of users and groups
    std::unordered_set<std::string> reserved;        // of sysusers.d, folded
    std::unordered_set<std::string> sudoers_groups;  // "%NAME", folded
    std::unordered_set<gid_t> sudoers_gids;          // "%#GID"
};

// Pure; a line that is none is overlooked, as libc does.
void add_passwd(NodeNames& names, std::string_view text);
void add_group(NodeNames& names, std::string_view text);
void add_sysusers(NodeNames& names, std::string_view text);
void add_sudoers(NodeNames& names, std::string_view text);

// sudo takes a name as it is written for any other with the same letters.
std::string folded(std::string_view name);

// Where they stand; tests have others.
struct NodeFiles {
    std::string passwd = "/etc/passwd";
    std::string group = "/etc/group";
    std::vector<std::string> sysusers = {"/usr/lib/sysusers.d", "/run/sysusers.d",
                                         "/etc/sysusers.d"};
    std::string sudoers = "/etc/sudoers";  // with its folder, which has ".d" behind it
};

// Read whole each time, which costs less than to be wrong about a change.
struct NodeTexts {
    std::string passwd;
    std::string group;
    std::vector<std::string> sysusers;
    std::vector<std::string> sudoers;
};
Result<NodeTexts> read_node_texts(const NodeFiles& files);

NodeNames names_in(const NodeTexts& texts);
void digest_into(DigestStream& digest, const NodeTexts& texts);

// Of Debian's and EPEL's service accounts and privileged groups, installed or not.
bool is_service_account(std::string_view login);

}  // namespace together
