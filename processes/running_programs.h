// SPDX-License-Identifier: Apache-2.0
// Programs that run here, from /proc.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace together {

struct RunningProgram {
    pid_t pid = 0;
    pid_t parent = 0;
    uid_t uid = 0;                       // effective
    std::vector<std::string> arguments;  // without the program's name
};

// All whose executable has that name, or it and a dash; of those whose executable we may not see,
// whose first argument has. Zombies aside.
std::vector<RunningProgram> running_programs(const std::string& name);

}  // namespace together
