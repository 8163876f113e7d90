// SPDX-License-Identifier: Apache-2.0
// One question to the gate, as check and explain put it.
#pragma once

#include <string>
#include <string_view>

#include "cli/command_line.h"
#include "common/decision/decision.h"
#include "common/decision/gate.h"
#include "common/decision/log_line.h"

namespace together::ctl {

struct GateAnswer {
    together::Decision decision;
    together::CallOrigin origin;
    together::Result<together::Config> config;

    // The gate wanted a newer roster, and this user may not ask for one.
    bool could_not_ask() const;
    // In observe mode, what it would be in enforce mode; else the decision itself.
    together::Decision enforced() const;
    std::string_view pam_answer() const;
};

// Fails where the question makes no sense to a node. As root it refreshes on demand as sshd does,
// and may block for as long.
together::Result<GateAnswer> ask_gate(const CommandLine& line, bool require_admin);

// What could_not_ask() means to the operator.
inline constexpr std::string_view could_not_ask_text =
    "only root may ask for a newer roster; run this as root for the answer that sshd gives";

}  // namespace together::ctl
