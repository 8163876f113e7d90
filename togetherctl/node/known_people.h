// SPDX-License-Identifier: Apache-2.0
// Who uses this node, as far as the node can tell: whom a gate that is switched on may surprise.
#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace together::ctl {

struct KnownPerson {
    std::optional<uid_t> uid;
    std::vector<std::string> signs;  // "shell", "keys", "login 3d ago", "job"
};

struct KnownPeople {
    std::map<std::string, KnownPerson> by_login;  // never root
    std::vector<std::string> not_read;            // what could not be looked at, and why
};

// Local accounts with a shell or authorized keys; logins (wtmp, lastlog) and Slurm jobs (sacct) of
// the last thirty days. `key_files` are sshd's patterns, as AuthorizedKeysFile has them. Blocks as
// long as sacct does, at most a minute, and homes do, at most ten seconds.
KnownPeople find_known_people(const std::vector<std::string>& key_files);

// Those of the logins that have such a file that is not empty, or whose home does not answer.
std::vector<std::string> logins_with_keys(const std::vector<std::string>& logins,
                                          const std::vector<std::string>& key_files);

}  // namespace together::ctl
