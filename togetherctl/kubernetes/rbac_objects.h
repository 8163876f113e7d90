// SPDX-License-Identifier: Apache-2.0
// What a Kubernetes API server that takes no webhook can be told: the policy table and who is on
// the roster as RBAC objects, with names and a label of our own. Pure.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/node_config/services_config.h"

namespace together::ctl {

// As an object is told apart from others.
struct RbacName {
    std::string kind;
    std::string ns;  // empty: of the cluster
    std::string name;
    auto operator<=>(const RbacName&) const = default;
};

struct RbacObject {
    RbacName name;
    std::string yaml;  // with a line of --- before it
    RbacName role;     // of a binding: where that is one of these objects, too
};

// Logins, in order.
struct ClusterPeople {
    std::set<std::string> admins;
    std::set<std::string> members;
};

inline constexpr std::string_view managed_by_key = "app.kubernetes.io/managed-by";
inline constexpr std::string_view managed_by_us = "togetherctl";
inline constexpr std::string_view project_key = "together/project";

// What one run is about; nothing else is looked at.
struct RbacScope {
    std::string project;
    std::vector<std::string> namespaces;
    bool with_cluster = false;
};

// The project as a label's value: 63 characters at most, which end with a letter or a digit.
std::string project_label(const std::string& project);

// together-member.HASH, together-admin.HASH.2, of the project: no other is made here. Several
// projects share a cluster.
bool is_name_of_ours(std::string_view name, const std::string& project);

// Roles and their bindings in each of the namespaces, and those of the cluster: what is in no row
// is an Admin's, so they are cluster-admin.
std::vector<RbacObject> rbac_objects(const ClusterPeople& people, const std::string& prefix,
                                     const RbacScope& scope);

}  // namespace together::ctl
