// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/kubernetes/rbac_sync.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

namespace together::ctl {
namespace {

using namespace together;

struct Kind {
    std::string_view name;
    const char* resource;  // with its group: others may have a Role of their own
};
constexpr std::array<Kind, 4> kinds = {{
    {"Role", "roles.rbac.authorization.k8s.io"},
    {"RoleBinding", "rolebindings.rbac.authorization.k8s.io"},
    {"ClusterRole", "clusterroles.rbac.authorization.k8s.io"},
    {"ClusterRoleBinding", "clusterrolebindings.rbac.authorization.k8s.io"},
}};

const Kind* kind_of(const RbacName& object) {
    const auto* const found = std::find_if(
        kinds.begin(), kinds.end(), [&](const Kind& kind) { return kind.name == object.kind; });
    return found == kinds.end() ? nullptr : found;
}

struct Found {
    RbacName name;
    bool is_ours;
};

// Whoever may make a Role chooses its name (of RBAC's objects it may be nearly any text) and
// labels.
Found found_in(const Json::Value& item, const std::string& project) {
    const auto& metadata = at(item, "metadata");
    const auto& labels = at(metadata, "labels");
    Found found{{text_at(item, "kind"), text_at(metadata, "namespace"), text_at(metadata, "name")},
                false};
    found.is_ours = kind_of(found.name) != nullptr && is_name_of_ours(found.name.name) &&
                    text_at(labels, managed_by_key.data()) == managed_by_us &&
                    text_at(labels, project_key.data()) == project_label(project);
    return found;
}

// `ns` empty: the cluster's own.
Result<void> look(const Kubectl& kubectl, const std::string& ns, const std::string& project,
                  std::vector<Found>& all) {
    std::string resources;
    for (const auto& kind : kinds)
        if (ns.empty() == kind.name.starts_with("Cluster"))
            resources.append(resources.empty() ? "" : ",").append(kind.resource);
    const auto list = kubectl.json(
        ns.empty() ? std::vector<std::string>{"get", "--", resources}
                   : std::vector<std::string>{"get", "--namespace", ns, "--", resources});
    if (!list) return tl::make_unexpected(list.error());
    const auto& items = at(*list, "items");
    if (!items.isArray()) return failure("what kubectl wrote is no list");
    for (const auto& item : items) all.push_back(found_in(item, project));
    return {};
}

Result<std::vector<Found>> what_is_there(const Kubectl& kubectl, const RbacScope& scope) {
    std::vector<Found> all;
    auto places = scope.namespaces;
    if (scope.with_cluster) places.emplace_back();
    for (const auto& ns : places)
        if (const auto looked = look(kubectl, ns, scope.project, all); !looked)
            return tl::make_unexpected(looked.error());
    return all;
}

// A finalizer may be in the way for ever: it is not waited for.
Result<void> remove(const Kubectl& kubectl, const RbacName& object) {
    std::vector<std::string> arguments{"delete", "--ignore-not-found", "--wait=false"};
    if (!object.ns.empty()) arguments.insert(arguments.end(), {"--namespace", object.ns});
    arguments.insert(arguments.end(), {"--", kind_of(object)->resource, object.name});
    const auto done = kubectl.run(arguments);
    if (!done) return tl::make_unexpected(done.error());
    return {};
}

// Those of `wanted` that somebody else has.
std::set<RbacName> others_among(const std::vector<Found>& there,
                                const std::vector<RbacObject>& wanted) {
    std::set<RbacName> names, others;
    for (const auto& object : wanted) names.insert(object.name);
    for (const auto& one : there)
        if (!one.is_ours && names.count(one.name) > 0) others.insert(one.name);
    return others;
}

}  // namespace

std::string shown(const RbacName& object) {
    return object.kind + " " + object.name + (object.ns.empty() ? "" : " in " + object.ns);
}

Result<RbacChange> bring_about(const Kubectl& kubectl, const std::vector<RbacObject>& wanted,
                               const RbacScope& scope) {
    const auto there = what_is_there(kubectl, scope);
    if (!there) return tl::make_unexpected(there.error());
    RbacChange change;
    const auto others = others_among(*there, wanted);
    for (const auto& other : others)
        change.problems.push_back(shown(other) + " is somebody else's: it has not the labels " +
                                  std::string(managed_by_key) + "=" + std::string(managed_by_us) +
                                  " and " + std::string(project_key) + "=" +
                                  project_label(scope.project));
    std::set<RbacName> names;
    std::string yaml;
    for (const auto& object : wanted) {
        if (others.count(object.name) > 0 || others.count(object.role) > 0) continue;
        names.insert(object.name);
        yaml += object.yaml;
    }
    // First: it may be all that still lets somebody in.
    for (const auto& one : *there) {
        if (!one.is_ours || names.count(one.name) > 0) continue;
        if (auto removed = remove(kubectl, one.name); removed)
            change.removed.push_back(one.name);
        else
            change.problems.push_back(removed.error().message);
    }
    if (names.empty()) return change;
    const auto applied = kubectl.run({"apply", "--server-side", "--force-conflicts",
                                      "--field-manager", "togetherctl", "--filename", "-"},
                                     yaml);
    if (applied)
        change.applied = names.size();
    else
        change.problems.push_back(applied.error().message);
    return change;
}

}  // namespace together::ctl
