// SPDX-License-Identifier: Apache-2.0
// Which processes are a session, by what they call themselves.
#include <algorithm>
#include <optional>
#include <string_view>

#include "processes/ssh_sessions.h"

namespace together {
namespace {

bool is_sshd(const Process& process) {
    const std::string_view name = process.program;
    return name.ends_with("sshd") || name.ends_with("sshd-session");
}

// "sshd: alice [priv]", "sshd-session: alice [priv]", with OpenSSH 10.6 "sshd-session: alice
// [postauth]".
std::string login_in_title(std::string_view title) {
    const auto colon = title.find(": ");
    if (colon == title.npos) return {};
    for (const std::string_view end : {" [priv]", " [postauth]"})
        if (title.ends_with(end) && title.size() > colon + 2 + end.size())
            return std::string(title.substr(colon + 2, title.size() - end.size() - colon - 2));
    return {};
}

// "sshd: alice@pts/0,pts/1"; empty in "sshd: alice". None before the login, when it is "sshd: alice
// [net]", of sshd's own user.
std::optional<std::string> terminals_in_title(std::string_view title, std::string_view login) {
    const auto colon = title.find(": ");
    if (colon == title.npos) return std::nullopt;
    title.remove_prefix(colon + 2);
    if (!title.starts_with(login)) return std::nullopt;
    title.remove_prefix(login.size());
    if (title.empty()) return "";
    return title.front() == '@' ? std::optional(std::string(title.substr(1))) : std::nullopt;
}

bool may_be_monitor(const Process& process) {
    const auto login = login_in_title(process.title);
    return process.uid == 0 && !login.empty() && login != "root";
}

// The room for a title is that of the arguments and the environment: an sshd that was started with
// an empty one writes "sshd: a-login-of-so".
bool is_cut(const Process& monitor, const std::vector<Process>& processes) {
    return monitor.uid == 0 && is_sshd(monitor) && !monitor.elsewhere &&
           !monitor.title.ends_with(']') &&
           std::any_of(processes.begin(), processes.end(), [&](const Process& child) {
               return child.parent == monitor.pid && child.uid != 0 && is_sshd(child);
           });
}

SshSession session_of(const Process& monitor, const std::vector<Process>& processes) {
    SshSession session;
    session.login = login_in_title(monitor.title);
    session.monitor = monitor;
    for (const auto& child : processes) {
        if (child.parent != monitor.pid || child.uid == 0) continue;
        auto terminals = terminals_in_title(child.title, session.login);
        if (!terminals) continue;
        session.uid = child.uid;
        session.terminals = *std::move(terminals);
        session.children.push_back(child);
    }
    return session;
}

}  // namespace

std::vector<SshSession> ssh_sessions(const std::vector<Process>& processes) {
    std::vector<SshSession> sessions;
    for (const auto& monitor : processes) {
        if (!may_be_monitor(monitor) || !is_sshd(monitor) || monitor.elsewhere) continue;
        auto session = session_of(monitor, processes);
        if (!session.children.empty()) sessions.push_back(std::move(session));
    }
    return sessions;
}

LeftOut left_out(const std::vector<Process>& processes) {
    LeftOut result;
    for (const auto& monitor : processes) {
        if (is_cut(monitor, processes)) ++result.cut;
        if (!may_be_monitor(monitor)) continue;
        if (monitor.hidden)
            ++result.hidden;
        else if (monitor.elsewhere && is_sshd(monitor) &&
                 !session_of(monitor, processes).children.empty())
            ++result.elsewhere;
    }
    return result;
}

}  // namespace together
