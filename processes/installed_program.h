// SPDX-License-Identifier: Apache-2.0
// Where a program of the system is.
#pragma once

#include <string>
#include <vector>

namespace together {

// The first of them that is there and that root alone can write; empty where none is.
std::string first_program(const std::vector<std::string>& paths);
// Where Slurm's commands may stand: its packages', its own default, clusters in the cloud.
std::string slurm_program(const std::string& name);

}  // namespace together
