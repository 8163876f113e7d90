// SPDX-License-Identifier: Apache-2.0
// The parts of check_kubernetes() that have a file of their own.
#pragma once

#include "togetherctl/doctor/doctor_checks.h"

namespace together::ctl {

// Whether RBAC gives somebody rights behind together-authorizer: everybody, or service accounts
// that a Member's pods can act as.
void check_cluster_bindings(const together::NodeConfig& config, const Kubectl& kubectl,
                            Findings& findings);

// Whether the admission policy is the one that we ship, and a binding has it deny.
void check_admission_policy(const Kubectl& kubectl, Findings& findings);

}  // namespace together::ctl
