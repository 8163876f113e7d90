// SPDX-License-Identifier: Apache-2.0
#include "processes/ssh_sessions.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include "processes/held_process.h"

namespace together {
namespace {

// Of the kernel's audit, set by pam_loginuid. None where a process has its parent's: then nothing
// set it at this login, and an sshd that somebody started by hand has one for all.
std::optional<std::string> audit_session_of(const Process& monitor) {
    const auto session = proc_file(monitor.pid, "sessionid");
    const auto listeners = proc_file(monitor.parent, "sessionid");
    if (session.empty() || session == "4294967295" || session == listeners) return std::nullopt;
    return session;
}

}  // namespace

bool is_ours(const SshSession& session, const std::vector<Process>& processes) {
    if (const auto audited = audit_session_of(session.monitor))
        if (*audited == proc_file(::getpid(), "sessionid")) return true;
    pid_t pid = ::getpid();
    for (int depth = 0; depth < 256 && pid > 1; ++depth) {
        if (pid == session.monitor.pid) return true;
        const auto found = std::find_if(processes.begin(), processes.end(),
                                        [&](const Process& p) { return p.pid == pid; });
        if (found != processes.end()) {
            pid = found->parent;
        } else {
            const auto parent = parent_of(pid);  // sudo, su: of two user ids
            if (!parent) return false;
            pid = *parent;
        }
    }
    return false;
}

Ending end_session(const SshSession& session, int patience) {
    std::vector<HeldProcess> held;
    held.reserve(1 + session.children.size());
    held.emplace_back(session.monitor);
    for (const auto& child : session.children) held.emplace_back(child);
    if (std::any_of(held.begin(), held.end(), [](const HeldProcess& one) { return one.unknown(); }))
        return Ending::cannot_tell;
    held.front().signal(SIGTERM);
    if (all_ended(held, std::chrono::seconds(patience))) return Ending::ended;
    for (const auto& one : held) one.signal(SIGKILL);
    return all_ended(held, std::chrono::seconds(patience)) ? Ending::ended : Ending::open;
}

}  // namespace together
