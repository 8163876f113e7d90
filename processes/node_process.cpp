// SPDX-License-Identifier: Apache-2.0
#include "processes/node_process.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <sstream>
#include <string_view>

#include "common/system/directory.h"
#include "common/system/file_descriptor.h"
#include "common/system/io.h"
#include "common/system/parse_number.h"

namespace together {
namespace {

// What a process says of itself is as long as it likes (PR_SET_MM_MAP): terabytes.
constexpr std::size_t max_file = std::size_t{64} * 1024;
constexpr std::size_t max_status = std::size_t{1024} * 1024;  // with all groups
constexpr std::size_t max_title = 4096;

std::string start_of(const std::string& path, std::size_t most) {
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::string text;
    std::array<char, 4096> part;
    while (file && text.size() < most) {
        const auto got =
            read_some(file.get(), part.data(), std::min(part.size(), most - text.size()));
        if (got <= 0) break;
        text.append(part.data(), static_cast<std::size_t>(got));
    }
    return text;
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

std::string title_of(const std::string& folder) {
    const auto text = start_of(folder + "/cmdline", max_title);
    return text.substr(0, text.find('\0'));
}

enum class Stat { read, zombie, unreadable };

// Name, parent and start; the name may hold blanks and parentheses. One whose first thread alone
// has ended says that it is a zombie, and goes on with the others.
Stat read_stat(const std::string& folder, Process& process) {
    const auto text = start_of(folder + "/stat", max_file);
    const auto end = text.rfind(')');
    const auto begin = text.find('(');
    if (end == text.npos || begin >= end) return Stat::unreadable;
    process.name = text.substr(begin + 1, end - begin - 1);
    std::istringstream fields(text.substr(end + 1));
    std::string state;
    std::string skipped;
    fields >> state >> process.parent;
    fields >> skipped >> skipped >> process.terminal;
    for (int field = 8; field < 20; ++field) fields >> skipped;
    int threads = 0;
    if (!(fields >> threads >> skipped >> process.started)) return Stat::unreadable;
    return state == "Z" && threads < 2 ? Stat::zombie : Stat::read;
}

bool read_uid(std::istringstream words, Process& process) {
    uid_t real = 0;
    uid_t effective = 0;
    uid_t saved = 0;
    words >> real >> effective >> saved;
    process.uid = real;
    const bool has_one = real == effective && real == saved;
    return words && (has_one || (real != 0 && effective != 0 && saved != 0));
}

// Its pid in each namespace, from that of /proc to its own. Of ns/pid, which says the same, nothing
// is seen without CAP_SYS_PTRACE.
bool is_elsewhere(std::istringstream words) {
    std::string pid;
    return words >> pid && words >> pid;
}

// False where it has root's and another user id, as sudo and su. Other mixtures are whose the real
// one is: in a user namespace of their own people make what they like of theirs.
bool read_status(const std::string& folder, Process& process) {
    std::istringstream lines(start_of(folder + "/status", max_status));
    bool is_whole = false;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("Uid:"))
            is_whole = read_uid(std::istringstream(line.substr(4)), process);
        if (line.starts_with("NSpid:"))
            process.elsewhere = is_elsewhere(std::istringstream(line.substr(6)));
    }
    return is_whole;
}

std::optional<Process> read_process(pid_t pid) {
    Process process;
    process.pid = pid;
    const std::string folder = "/proc/" + std::to_string(pid);
    if (read_stat(folder, process) != Stat::read || !read_status(folder, process))
        return std::nullopt;
    read_program(folder, process);
    return process;
}

}  // namespace

std::vector<Process> running_processes(Titles titles) {
    std::vector<Process> processes;
    const Directory proc(::opendir("/proc"));
    while (const dirent* entry = proc ? ::readdir(proc.get()) : nullptr) {
        const auto pid = parse_number<pid_t>(entry->d_name);
        auto process = pid ? read_process(*pid) : std::nullopt;
        if (!process) continue;
        if (titles == Titles::read) process->title = title_of("/proc/" + std::to_string(*pid));
        processes.push_back(*std::move(process));
    }
    return processes;
}

std::optional<pid_t> parent_of(pid_t pid) {
    Process process;
    const auto stat = read_stat("/proc/" + std::to_string(pid), process);
    return stat == Stat::unreadable ? std::nullopt : std::optional(process.parent);
}

StillThere look_again(const Process& process) {
    // After the look: it may end in between.
    const auto gone_or = [&process](StillThere otherwise) {
        return ::kill(process.pid, 0) != 0 && errno == ESRCH ? StillThere::gone : otherwise;
    };
    Process found;
    const auto stat = read_stat("/proc/" + std::to_string(process.pid), found);
    if (stat == Stat::zombie) return StillThere::gone;
    if (stat == Stat::unreadable) return gone_or(StillThere::unknown);
    if (found.started != process.started) return StillThere::gone;
    const auto now = read_process(process.pid);
    const bool same =
        now && now->uid == process.uid && (now->uid != 0 || now->program == process.program);
    return same ? StillThere::same : gone_or(StillThere::unknown);
}

std::string proc_file(pid_t pid, const std::string& name) {
    return start_of("/proc/" + std::to_string(pid) + "/" + name, max_file);
}

}  // namespace together
