// SPDX-License-Identifier: Apache-2.0
// The name service "together" in nsswitch.conf(5).
#pragma once

#include "togetherctl/enabling/gate_target.h"

namespace together::ctl {

together::Result<Plan> plan_accounts(const CommandLine& line, bool enable);

// Whether glibc finds libnss_together.so.2.
bool name_service_is_installed();

}  // namespace together::ctl
