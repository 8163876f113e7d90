// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/processes/ssh_sessions.h"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <memory>
#include <sstream>

#include "common/roles/identifiers.h"
#include "common/system/directory.h"
#include "common/system/file_descriptor.h"
#include "common/system/parse_number.h"

// Through syscall(2), as in common/on_demand/helper_process.cpp.
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif

namespace together::ctl {
namespace {

using together::FileDescriptor;

std::string whole(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

// Empty where it cannot be read; errno says why.
std::string link_at(const std::string& path) {
    char target[4096];
    const auto length = ::readlink(path.c_str(), target, sizeof target);
    return length <= 0 ? std::string() : std::string(target, static_cast<std::size_t>(length));
}

void read_program(const std::string& folder, Process& process) {
    const auto target = link_at(folder + "/exe");
    process.hidden = target.empty() && (errno == EACCES || errno == EPERM);
    std::string_view path = target;
    constexpr std::string_view replaced = " (deleted)";  // by an upgrade
    if (path.ends_with(replaced)) path.remove_suffix(replaced.size());
    process.program = path.substr(path.rfind('/') + 1);
}

bool is_elsewhere(const std::string& folder) {
    static const std::string ours = link_at("/proc/self/ns/pid");
    const auto its = link_at(folder + "/ns/pid");
    return !its.empty() && its != ours;
}

std::string title_of(const std::string& folder) {
    const auto text = whole(folder + "/cmdline");
    return text.substr(0, text.find('\0'));
}

enum class Stat { read, zombie, unreadable };

// Parent and start; the name before them may hold blanks and parentheses.
Stat read_stat(const std::string& folder, Process& process) {
    const auto text = whole(folder + "/stat");
    const auto end = text.rfind(')');
    if (end == text.npos) return Stat::unreadable;
    std::istringstream fields(text.substr(end + 1));
    std::string state;
    std::string skipped;
    fields >> state >> process.parent;
    for (int field = 5; field < 22; ++field) fields >> skipped;
    if (!(fields >> process.started)) return Stat::unreadable;
    return state == "Z" ? Stat::zombie : Stat::read;
}

bool read_uid(const std::string& folder, Process& process) {
    std::istringstream lines(whole(folder + "/status"));
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with("Uid:")) continue;
        std::istringstream words(line.substr(4));
        uid_t real = 0;
        uid_t effective = 0;
        uid_t saved = 0;
        words >> real >> effective >> saved;
        process.uid = real;
        return words && real == effective && real == saved;
    }
    return false;
}

std::optional<Process> read_process(pid_t pid) {
    Process process;
    process.pid = pid;
    const std::string folder = "/proc/" + std::to_string(pid);
    if (read_stat(folder, process) != Stat::read || !read_uid(folder, process)) return std::nullopt;
    read_program(folder, process);
    process.elsewhere = is_elsewhere(folder);
    process.title = title_of(folder);
    return process;
}

// Of the kernel's audit, set by pam_loginuid. None where a process has its parent's: then nothing
// set it at this login, and an sshd that somebody started by hand has one for all.
std::optional<std::string> audit_session_of(const Process& monitor) {
    const auto session = whole("/proc/" + std::to_string(monitor.pid) + "/sessionid");
    const auto listeners = whole("/proc/" + std::to_string(monitor.parent) + "/sessionid");
    if (session.empty() || session == "4294967295" || session == listeners) return std::nullopt;
    return session;
}

// Is it still the process that was found?
enum class Now { same, gone, unknown };

Now look_again(const Process& process) {
    // After the look: it may end in between.
    const auto gone_or = [&process](Now otherwise) {
        return ::kill(process.pid, 0) != 0 && errno == ESRCH ? Now::gone : otherwise;
    };
    Process found;
    const auto stat = read_stat("/proc/" + std::to_string(process.pid), found);
    if (stat == Stat::zombie) return Now::gone;
    if (stat == Stat::unreadable) return gone_or(Now::unknown);
    if (found.started != process.started) return Now::gone;
    const auto now = read_process(process.pid);
    const bool same = now && now->uid == process.uid && now->program == process.program;
    return same ? Now::same : gone_or(Now::unknown);
}

// A process that is held, so that no other one that took over its pid can be meant.
class Held {
  public:
    explicit Held(const Process& process)
        : pid_(process.pid),
          pidfd_(static_cast<int>(::syscall(SYS_pidfd_open, process.pid, 0U))),
          now_(look_again(process)) {}  // now that it is held

    bool unknown() const { return now_ == Now::unknown; }

    void signal(int number) const {
        if (now_ != Now::same || ended()) return;
        if (pidfd_)
            ::syscall(SYS_pidfd_send_signal, pidfd_.get(), number, nullptr, 0U);
        else
            ::kill(pid_, number);
    }

    bool ended() const {
        if (now_ != Now::same) return now_ == Now::gone;
        if (!pidfd_) return ::kill(pid_, 0) != 0;
        pollfd end{pidfd_.get(), POLLIN, 0};
        return ::poll(&end, 1, 0) == 1;
    }

  private:
    pid_t pid_;
    FileDescriptor pidfd_;
    Now now_;
};

bool all_ended(const std::vector<Held>& held, std::chrono::milliseconds patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (true) {
        if (std::all_of(held.begin(), held.end(), [](const Held& one) { return one.ended(); }))
            return true;
        if (std::chrono::steady_clock::now() > deadline) return false;
        ::poll(nullptr, 0, 10);
    }
}

}  // namespace

std::vector<Process> running_processes() {
    std::vector<Process> processes;
    const Directory proc(::opendir("/proc"));
    while (const dirent* entry = proc ? ::readdir(proc.get()) : nullptr) {
        const auto pid = together::parse_number<pid_t>(entry->d_name);
        auto process = pid ? read_process(*pid) : std::nullopt;
        if (process) processes.push_back(*std::move(process));
    }
    return processes;
}

bool is_ours(const SshSession& session, const std::vector<Process>& processes) {
    if (const auto audited = audit_session_of(session.monitor))
        if (*audited == whole("/proc/self/sessionid")) return true;
    pid_t pid = ::getpid();
    for (int depth = 0; depth < 256 && pid > 1; ++depth) {
        if (pid == session.monitor.pid) return true;
        const auto found = std::find_if(processes.begin(), processes.end(),
                                        [&](const Process& p) { return p.pid == pid; });
        if (found != processes.end()) {
            pid = found->parent;
        } else {
            Process other;  // sudo, su: of two user ids
            if (read_stat("/proc/" + std::to_string(pid), other) == Stat::unreadable) return false;
            pid = other.parent;
        }
    }
    return false;
}

Ending end_session(const SshSession& session, int patience) {
    std::vector<Held> held;
    held.reserve(1 + session.children.size());
    held.emplace_back(session.monitor);
    for (const auto& child : session.children) held.emplace_back(child);
    if (std::any_of(held.begin(), held.end(), [](const Held& one) { return one.unknown(); }))
        return Ending::cannot_tell;
    held.front().signal(SIGTERM);
    if (all_ended(held, std::chrono::seconds(patience))) return Ending::ended;
    for (const auto& one : held) one.signal(SIGKILL);
    return all_ended(held, std::chrono::seconds(patience)) ? Ending::ended : Ending::open;
}

}  // namespace together::ctl
