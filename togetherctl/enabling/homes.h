// SPDX-License-Identifier: Apache-2.0
// Who logs in the first time gets a home: pam_mkhomedir in a service file of PAM.
#pragma once

#include "togetherctl/enabling/gate_target.h"

namespace together::ctl {

together::Result<Plan> plan_homes(const CommandLine& line, bool enable);

// "FILE:LINE" of the session line that makes homes for that service, itself or in a file that it
// includes; empty where there is none. togetherctl's own is not told.
std::string line_that_makes_homes(const std::string& service_file);

}  // namespace together::ctl
