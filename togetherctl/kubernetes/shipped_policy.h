// SPDX-License-Identifier: Apache-2.0
// packaging/kubernetes/admission-policy.yaml of this release, put in when it is built.
#pragma once

#include <string_view>

namespace together::ctl {

// YAML: the policy, a line of ---, its binding.
std::string_view shipped_admission_policy() noexcept;

}  // namespace together::ctl
