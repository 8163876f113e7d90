// slurm.conf and plugstack.conf as hosts of the gate.
#pragma once

#include "gate_host.h"

namespace togetherctl {

// Where slurm.conf is away (login nodes, configless), beside where it would be.
struct SlurmFiles {
    std::string slurm_conf;
    std::string plugstack;
    std::string plugin_dir;
};
// `slurm_conf`: another one than where Slurm's packages have it.
SlurmFiles find_slurm_files(const std::optional<std::string>& slurm_conf);

together::Result<Plan> plan_slurm(const CommandLine& line, bool enable);

}  // namespace togetherctl
