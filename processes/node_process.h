// SPDX-License-Identifier: Apache-2.0
// The processes of this node, from /proc.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace together {

struct Process {
    pid_t pid = 0;
    pid_t parent = 0;
    uid_t uid = 0;              // real, effective and saved; another one is no process we look at
    std::uint64_t started = 0;  // clock ticks since boot: with the pid, who it is
    std::string program;        // the executable's name
    std::string title;          // as it calls itself, of a page at most; empty where not asked for
    bool hidden = false;        // we may not see its program: without CAP_SYS_PTRACE
    bool elsewhere = false;     // in a container's pid namespace, not in ours
    dev_t terminal = 0;         // the one that controls it
    std::string name = {};      // as its threads are called, of 15 bytes at most

    bool operator==(const Process&) const = default;
};

// A title is in the process's own memory: it makes its readers wait as long as it likes.
enum class Titles { read, left };

// All that have one user id only, root's and others'.
std::vector<Process> running_processes(Titles titles = Titles::read);

// Whatever its user ids; nothing where it cannot be read.
std::optional<pid_t> parent_of(pid_t pid);

// Is it still the process that was found? Of root's, with the same program.
enum class StillThere { same, gone, unknown };
StillThere look_again(const Process& process);

// A file of /proc/PID, of which a process can make no more than 64 KiB; empty where it cannot be
// read.
std::string proc_file(pid_t pid, const std::string& name);

}  // namespace together
