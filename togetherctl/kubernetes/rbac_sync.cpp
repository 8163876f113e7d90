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
Found found_in(const Json::Value& item) {
    const auto& metadata = at(item, "metadata");
    Found found{{text_at(item, "kind"), text_at(metadata, "namespace"), text_at(metadata, "name")},
                false};
    found.is_ours = kind_of(found.name) != nullptr && is_name_of_ours(found.name.name) &&
                    text_at(at(metadata, "labels"), managed_by_key.data()) == managed_by_us;
    return found;
}

Result<std::vector<Found>> what_is_there(const Kubectl& kubectl, const std::string& ns) {
    std::string resources;
    for (const auto& kind : kinds)
        if (ns.empty() || !kind.name.starts_with("Cluster"))
            resources.append(resources.empty() ? "" : ",").append(kind.resource);
    const auto list = kubectl.json(
        ns.empty() ? std::vector<std::string>{"get", "--all-namespaces", "--", resources}
                   : std::vector<std::string>{"get", "--namespace", ns, "--", resources});
    if (!list) return tl::make_unexpected(list.error());
    const auto& items = at(*list, "items");
    if (!items.isArray()) return failure("what kubectl wrote is no list");
    std::vector<Found> all;
    for (const auto& item : items) all.push_back(found_in(item));
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
                               const std::string& ns) {
    const auto there = what_is_there(kubectl, ns);
    if (!there) return tl::make_unexpected(there.error());
    RbacChange change;
    const auto others = others_among(*there, wanted);
    for (const auto& other : others)
        change.problems.push_back(shown(other) + " is somebody else's: it has no label " +
                                  std::string(managed_by_key) + "=" + std::string(managed_by_us));
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
