// SPDX-License-Identifier: Apache-2.0
// Brings a cluster's RBAC objects to what they should be, through kubectl: ours alone.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "togetherctl/kubernetes/kubectl.h"
#include "togetherctl/kubernetes/rbac_objects.h"

namespace together::ctl {

struct RbacChange {
    std::size_t applied = 0;
    std::vector<RbacName> removed;
    std::vector<std::string> problems;  // what else should be, and is not
};

// What stands in the scope with our label, the project's and a name of ours, and is none of
// `wanted`, is removed. An object of one of their names without these labels is somebody's: it
// stays, nobody is bound to it, and it is a problem; so is a namespace that cannot be listed. All
// else goes on. Fails where nothing could be listed.
together::Result<RbacChange> bring_about(const Kubectl& kubectl,
                                         const std::vector<RbacObject>& wanted,
                                         const RbacScope& scope);

// What stands in any namespace with our labels, the project's and a name of ours.
together::Result<std::set<RbacName>> ours_in_all_namespaces(const Kubectl& kubectl,
                                                            const std::string& project);

std::string shown(const RbacName& object);

}  // namespace together::ctl
