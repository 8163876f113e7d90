// SPDX-License-Identifier: Apache-2.0
// slurmd's own su. For sbatch --get-user-env and --export=NONE slurmd starts "su - USER", and with
// it the user's ~/.profile, before any plug-in is asked: what stands in su's account stack decides.
#pragma once

#include <string>

#include "togetherctl/slurm/slurm_configuration.h"

namespace together::ctl {

// Empty where none is installed.
std::string slurmd_program();

// Installed, or running from wherever.
bool has_slurmd();

// With GetEnvTimeout=0 it takes the environment from a file that root made instead.
bool never_starts_su(const SlurmConfiguration& slurm);

}  // namespace together::ctl
