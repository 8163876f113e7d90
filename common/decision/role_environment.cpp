// SPDX-License-Identifier: Apache-2.0
#include "common/decision/role_environment.h"

namespace together {

std::array<RoleVariable, 2> role_environment(const Decision& decision) {
    std::array<RoleVariable, 2> variables{{{"TOGETHER_PROJECT_ID", {}}, {"TOGETHER_ROLE", {}}}};
    if (!decision.allowed() || decision.would) return variables;
    variables[0].value = decision.project;
    if (decision.role) variables[1].value = name_of(*decision.role);
    return variables;
}

}  // namespace together
