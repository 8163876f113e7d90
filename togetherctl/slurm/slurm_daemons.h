// SPDX-License-Identifier: Apache-2.0
// Slurm's daemons that run here.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "processes/running_programs.h"
#include "togetherctl/slurm/slurm_configuration.h"

namespace together::ctl {

// Of root, or of whom Slurm has it run as: anybody can call a program slurmctld.
std::vector<RunningProgram> slurm_daemons(const std::string& name, std::string_view user_setting,
                                          const SlurmConfiguration& slurm);

// What a process has mapped of that file; "(deleted)" behind the path where it was replaced since.
// Empty where there is nothing, or we may not look.
std::string mapped(pid_t pid, const std::string& name);

inline constexpr const char* job_submit_plugin = "job_submit_together.so";

}  // namespace together::ctl
