// SPDX-License-Identifier: Apache-2.0
// Whether an sshd goes by its configuration as it stands in the files.
#pragma once

#include "processes/ssh_sessions.h"
#include "togetherctl/doctor/findings.h"
#include "togetherctl/pam/sshd_settings.h"

namespace together::ctl {

void check_reload(const SshdCall& call, const SshdSettings& settings, const Process& sshd,
                  Findings& findings);

}  // namespace together::ctl
