// SPDX-License-Identifier: Apache-2.0
// What a session or job is told of the role that let it in.
#pragma once

#include <array>
#include <string>

#include "common/decision/decision.h"

namespace together {

struct RoleVariable {
    const char* name;
    std::string value;  // empty: it is not to be set
};

// TOGETHER_PROJECT_ID and TOGETHER_ROLE. Without values where the answer is no allow, or is one in
// observe mode alone.
std::array<RoleVariable, 2> role_environment(const Decision& decision);

}  // namespace together
