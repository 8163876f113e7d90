// SPDX-License-Identifier: Apache-2.0
// The name service "together" in nsswitch.conf(5).
#pragma once

#include "togetherctl/enabling/gate_target.h"

namespace together::ctl {

together::Result<Plan> plan_accounts(const CommandLine& line, bool enable);

// Where glibc finds libnss_together.so.2; empty where it does not.
std::string name_service_module();

}  // namespace together::ctl
