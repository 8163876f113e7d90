// SPDX-License-Identifier: Apache-2.0
// sshd asks together-authorized-keys for everybody's keys.
#pragma once

#include "togetherctl/enabling/gate_target.h"

namespace together::ctl {

together::Result<Plan> plan_keys(const CommandLine& line, bool enable);

// What sshd is to execute, as installed.
std::string authorized_keys_command();

inline constexpr const char* sshd_config_path = "/etc/ssh/sshd_config";

}  // namespace together::ctl
