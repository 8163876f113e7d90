// SPDX-License-Identifier: Apache-2.0
// One account phase through the real libpam and the real stack of a service.
#pragma once

#include <string>
#include <vector>

#include "common/system/result.h"

namespace together::ctl {

struct AccountAnswer {
    int code = 0;  // of pam_acct_mgmt
    std::vector<std::string> messages;

    bool lets_in() const;  // sshd grants a session on a password to be changed, too
};

// In a child that is killed after ten seconds, because a stack may hang and modules change their
// process. Its real uid is nobody's, its effective uid root's: modules find what they find in sshd,
// and ours decides from the snapshot that is there, so that nothing is asked and no attempt is
// recorded (on_demand.h). Needs root.
together::Result<AccountAnswer> account_phase(const std::string& service, const std::string& login);

}  // namespace together::ctl
