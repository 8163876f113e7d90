// The service files of PAM that belong to a host of the gate.
#pragma once

#include "gate_host.h"

namespace togetherctl {

together::Result<Plan> plan_pam(const CommandLine& line, Host host, bool enable);

}  // namespace togetherctl
