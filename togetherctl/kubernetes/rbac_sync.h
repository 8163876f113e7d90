// SPDX-License-Identifier: Apache-2.0
// Brings a cluster's RBAC objects to what they should be, through kubectl: ours alone.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "togetherctl/kubernetes/kubectl.h"
#include "togetherctl/kubernetes/rbac_objects.h"

namespace together::ctl {

struct RbacChange {
    std::size_t applied = 0;
    std::vector<RbacName> removed;
};

// `ns` empty: everything; else what stands in that namespace. What has our label and is none of
// `wanted` is removed. Where an object of one of their names has not our label, it is somebody's:
// nothing is changed, and the error names it.
together::Result<RbacChange> bring_about(const Kubectl& kubectl,
                                         const std::vector<RbacObject>& wanted,
                                         const std::string& ns);

std::string shown(const RbacName& object);

}  // namespace together::ctl
