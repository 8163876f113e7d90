// SPDX-License-Identifier: Apache-2.0
// slurm.conf and plugstack.conf as targets of the gate.
#pragma once

#include "togetherctl/enabling/gate_target.h"

namespace together::ctl {

together::Result<Plan> plan_slurm(const CommandLine& line, bool enable);

}  // namespace together::ctl
