// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/slurm/slurmd_su.h"

#include "processes/installed_program.h"
#include "processes/running_programs.h"

namespace together::ctl {

std::string slurmd_program() {
    return first_program({"/usr/sbin/slurmd", "/usr/local/sbin/slurmd", "/opt/slurm/sbin/slurmd"});
}

bool has_slurmd() {
    return !slurmd_program().empty() || !running_programs("slurmd").empty();
}

bool never_starts_su(const SlurmConfiguration& slurm) {
    return slurm.setting("GetEnvTimeout") == "0";
}

}  // namespace together::ctl
