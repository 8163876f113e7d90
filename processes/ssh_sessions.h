// SPDX-License-Identifier: Apache-2.0
// The open SSH sessions of this node, from /proc: utmp is not kept in containers.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "processes/node_process.h"

namespace together {

// sshd's process for a connection that has logged in: root's, "sshd: alice [priv]", with a child of
// alice's.
struct SshSession {
    std::string login;
    uid_t uid = 0;
    Process monitor;
    std::vector<Process> children;  // sshd's own, of the user: "sshd: alice@pts/0"
    std::string terminals;          // "pts/0,pts/1"; "notty"
};

// Pure. Root's own sessions are left out, connections that have not logged in yet, and containers'.
// A title is believed because the process is root's and its program sshd, or it is such a one's
// child: the program of a user's process is not asked for, it may be hidden.
std::vector<SshSession> ssh_sessions(const std::vector<Process>& processes);

// Pure. What ssh_sessions left out.
struct LeftOut {
    std::size_t hidden = 0;     // root's, called like a session's: it may be one
    std::size_t elsewhere = 0;  // sessions of containers, whose logins are not this host's
    std::size_t cut = 0;        // sshd's, of somebody, with a title that was cut off
};
LeftOut left_out(const std::vector<Process>& processes);

// In whose descent this process is, or from which audit says it came (a tmux server's parent is
// process 1).
bool is_ours(const SshSession& session, const std::vector<Process>& processes);

enum class Ending { open, ended, cannot_tell };

// TERM, which sshd passes on to its child; after `patience` seconds KILL. Only while the processes
// are the ones that were found; where that cannot be seen none is sent anything.
Ending end_session(const SshSession& session, int patience);

}  // namespace together
