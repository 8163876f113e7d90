// SPDX-License-Identifier: Apache-2.0
// What somebody must be to do something at a Kubernetes API server: a table, all of it, as data.
//
// Who asks is not known here. Pure functions over constant data: thread-safe, nothing allocates,
// nothing fails. docs/kubernetes.md has the table row by row, and why what is missing is missing.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "common/roles/permissions.h"

namespace together::kubernetes {

// What a SubjectAccessReview asks about; the texts belong to the caller. The version of the API
// does not count, nor do selectors, which only narrow a request.
struct AccessRequest {
    std::string_view verb;
    std::string_view group;  // empty: the core group
    std::string_view resource;
    std::string_view subresource;
    std::string_view name;
    std::string_view ns;    // empty: all namespaces, or no namespaced resource
    std::string_view path;  // where is_resource is false; the others are empty then
    bool is_resource = true;
};

// The Service `kubernetes` there is how everything in the cluster finds the API server.
inline constexpr std::string_view default_namespace = "default";

enum class Where : std::uint8_t {
    project_namespaces,  // [kubernetes] namespaces
    but_default,         // the same, without `default`, where the API server's own Service stands
    cluster,             // no namespace, or all of them at once
    anywhere,
    path,  // of no resource
};

// Lists are words with one blank in between. No row means more than its words: "*" is none but at
// the end of a path, where it stands for any rest.
struct PolicyRow {
    std::string_view verbs;
    std::string_view group;
    std::string_view resources;  // "pods", "pods/log", or paths
    Where where;
    std::optional<Action> action;  // none: whoever is authenticated
};

enum class Need : std::uint8_t { authenticated, action, admin };

struct Requirement {
    Need need;
    Action action;         // where need is action
    const PolicyRow* row;  // null: in no row, so an Admin's
};

// No two rows answer the same request.
std::span<const PolicyRow> policy() noexcept;

std::string_view name_of(Where where) noexcept;

// `namespaces`: as is_workload_namespace() takes them.
Requirement requirement_for(const AccessRequest& request,
                            std::span<const std::string> namespaces) noexcept;

// A pattern is a name, or the beginning of names with "*" at its end. Never a namespace of kube-,
// nor what is no namespace's name: empty, "*", upper case. Never by a "*": `default`, where the API
// server's own Service stands, and namespaces of a cluster's infrastructure (…-system,
// openshift-…).
bool is_workload_namespace(std::string_view ns, std::span<const std::string> patterns) noexcept;

}  // namespace together::kubernetes
