// SPDX-License-Identifier: Apache-2.0
// The client check: srun, salloc and sbatch refuse early and readably, for clusters whose slurmctld
// cannot be changed. Advice only: a user can run a client without it.
#pragma once

#include "spank_together/slurm_api.h"
#include "spank_together/spank_arguments.h"

namespace together {

// In a client's `init`, as its user. 0, or -1 after telling why. Speaks only on evidence that needs
// no refresh; whatever else is wrong is for slurmctld and the node to say.
int check_client(const SpankArguments& arguments);

}  // namespace together
