// SPDX-License-Identifier: Apache-2.0
// The parts of check_kubernetes() that have a file of their own.
#pragma once

#include "togetherctl/doctor/doctor_checks.h"

namespace together::ctl {

// A word of a line that somebody pastes into a shell: RBAC's objects have nearly any name.
std::string in_shell(const std::string& word);

// Whether the API server asks together-authorizer about a user whom nobody knows, before RBAC, and
// denies while that does not answer.
void check_webhook(const together::NodeConfig& config, const Kubectl& kubectl, Findings& findings);

// Whether RBAC gives somebody rights behind together-authorizer: everybody, or service accounts
// that a Member's pods can act as.
void check_cluster_bindings(const together::NodeConfig& config, const Kubectl& kubectl,
                            Findings& findings);

// Whether `kubernetes rolebindings` left something in namespaces that are none of the project's
// now, where it looks no more.
void check_left_namespaces(const together::NodeConfig& config, const Kubectl& kubectl,
                           Findings& findings);

// Whether the admission policy is the one that we ship, and a binding has it deny.
void check_admission_policy(const Kubectl& kubectl, Findings& findings);

// Whether Pod Security and the policy act there: a dry run of pods that they must refuse.
void try_admission(const std::string& ns, const Kubectl& kubectl, Findings& findings);

}  // namespace together::ctl
