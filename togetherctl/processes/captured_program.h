// SPDX-License-Identifier: Apache-2.0
// Runs a program of the system (sshd -T, squeue, sacct) and reads what it writes.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "common/system/result.h"

namespace together::ctl {

// What it wrote to stdout, where it ended with 0 within `patience` (it is killed then) and wrote at
// most 16 MiB; else why there is nothing, with the first line of its stderr. It gets an absolute
// path, a fixed environment with one more NAME=VALUE at most, /dev/null as stdin, no descriptor of
// ours.
together::Result<std::string> output_of(const std::string& program,
                                        const std::vector<std::string>& arguments,
                                        std::chrono::seconds patience,
                                        const std::string& variable = {});

// The first of them that is there and that root alone can write; empty where none is.
std::string first_program(const std::vector<std::string>& paths);
// Where Slurm's commands may stand: its packages', its own default, clusters in the cloud.
std::string slurm_program(const std::string& name);

}  // namespace together::ctl
