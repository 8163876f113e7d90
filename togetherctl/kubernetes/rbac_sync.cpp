// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/kubernetes/rbac_sync.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>
#include <utility>

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

struct Ours {
    std::set<RbacName> names;
    std::set<RbacName> held;  // of these: a finalizer keeps them, deleted or not
};

// What stands in the cluster, as far as it is known.
struct Seen {
    std::set<RbacName> ours;
    std::set<RbacName> held;
    std::set<RbacName> others;   // with a name that is wanted
    std::set<RbacName> unknown;  // wanted, and nobody can tell whose it is
    std::vector<std::string> problems;
};

// Whoever may make a Role chooses its name (of RBAC's objects it may be nearly any text) and
// labels.
bool is_ours(const Json::Value& item, const RbacName& name, const std::string& project) {
    const auto& labels = at(at(item, "metadata"), "labels");
    return kind_of(name) != nullptr && is_name_of_ours(name.name, project) &&
           text_at(labels, managed_by_key.data()) == managed_by_us &&
           text_at(labels, project_key.data()) == project_label(project);
}

RbacName name_in(const Json::Value& item) {
    const auto& metadata = at(item, "metadata");
    return {text_at(item, "kind"), text_at(metadata, "namespace"), text_at(metadata, "name")};
}

std::vector<std::string> get_in(const std::string& ns, std::vector<std::string> more) {
    std::vector<std::string> arguments{"get", "--ignore-not-found"};
    if (!ns.empty()) arguments.insert(arguments.end(), {"--namespace", ns});
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
}

// With our labels: how much others keep there does not matter. `get`: the call, as far as the
// place.
Result<Ours> list_ours(const Kubectl& kubectl, std::vector<std::string> get, bool of_cluster,
                       const std::string& project) {
    std::string resources;
    for (const auto& kind : kinds)
        if (of_cluster == kind.name.starts_with("Cluster"))
            resources.append(resources.empty() ? "" : ",").append(kind.resource);
    auto selector = std::string(managed_by_key) + "=" + std::string(managed_by_us) + "," +
                    std::string(project_key) + "=" + project_label(project);
    get.insert(get.end(), {"--selector", std::move(selector), "--", resources});
    const auto list = kubectl.json(std::move(get));
    if (!list) return tl::make_unexpected(list.error());
    const auto& items = at(*list, "items");
    if (!list->empty() && !items.isArray()) return failure("what kubectl wrote is no list");
    Ours ours;
    for (const auto& item : items) {
        const auto name = name_in(item);
        if (!is_ours(item, name, project)) continue;
        ours.names.insert(name);
        if (!at(at(item, "metadata"), "finalizers").empty()) ours.held.insert(name);
    }
    return ours;
}

// `ns` empty: the cluster's own.
Result<void> look_for_ours(const Kubectl& kubectl, const std::string& ns,
                           const std::string& project, Seen& seen) {
    auto ours = list_ours(kubectl, get_in(ns, {}), ns.empty(), project);
    if (!ours) return tl::make_unexpected(ours.error());
    seen.ours.merge(ours->names);
    seen.held.merge(ours->held);
    return {};
}

// Of one kind in one place, which are wanted and not known to be ours: others may have them.
void look_for_others(const Kubectl& kubectl, const std::vector<RbacName>& wanted,
                     const std::string& project, Seen& seen) {
    std::vector<std::string> asked{"--", kind_of(wanted.front())->resource};
    for (const auto& one : wanted) asked.push_back(one.name);
    const auto found = kubectl.json(get_in(wanted.front().ns, std::move(asked)));
    if (!found) {
        seen.unknown.insert(wanted.begin(), wanted.end());
        seen.problems.push_back(found.error().message);
        return;
    }
    const auto note = [&](const Json::Value& item) {
        const auto name = name_in(item);
        if (!name.name.empty())
            (is_ours(item, name, project) ? seen.ours : seen.others).insert(name);
    };
    const auto& items = at(*found, "items");
    if (!items.isArray()) return note(*found);  // one that was found is no list
    for (const auto& item : items) note(item);
}

// Fails where nothing could be listed: the cluster cannot be asked.
Result<Seen> what_is_there(const Kubectl& kubectl, const std::vector<RbacObject>& wanted,
                           const RbacScope& scope) {
    Seen seen;
    auto places = scope.namespaces;
    if (scope.with_cluster) places.emplace_back();
    for (const auto& ns : places)
        if (const auto looked = look_for_ours(kubectl, ns, scope.project, seen); !looked)
            seen.problems.push_back(looked.error().message);
    if (!places.empty() && seen.problems.size() == places.size())
        return failure(seen.problems.front());
    std::map<std::pair<std::string, std::string>, std::vector<RbacName>> not_seen;
    for (const auto& object : wanted)
        if (seen.ours.count(object.name) == 0)
            not_seen[{object.name.ns, object.name.kind}].push_back(object.name);
    for (const auto& [place, names] : not_seen)
        look_for_others(kubectl, names, scope.project, seen);
    return seen;
}

Result<void> change(const Kubectl& kubectl, std::vector<std::string> verb, const RbacName& object) {
    if (!object.ns.empty()) verb.insert(verb.end(), {"--namespace", object.ns});
    verb.insert(verb.end(), {"--", kind_of(object)->resource, object.name});
    const auto done = kubectl.run(verb);
    if (!done) return tl::make_unexpected(done.error());
    return {};
}

// A finalizer may be in the way for ever: it is not waited for.
Result<void> remove(const Kubectl& kubectl, const RbacName& object) {
    return change(kubectl, {"delete", "--ignore-not-found", "--wait=false"}, object);
}

// RBAC goes on granting what has been deleted and is still there.
Result<void> remove_held(const Kubectl& kubectl, const RbacName& object) {
    Result<void> emptied;
    if (object.kind.ends_with("Binding"))
        emptied = change(kubectl, {"patch", "--type=merge", R"(--patch={"subjects":[]})"}, object);
    // Also where that is refused: whoever keeps it may let go of what is deleted.
    if (auto removed = remove(kubectl, object); !removed) return removed;
    if (!emptied) return emptied;
    return failure(shown(object) + " gives nobody anything, and stays: it has a finalizer");
}

}  // namespace

Result<std::set<RbacName>> ours_in_all_namespaces(const Kubectl& kubectl,
                                                  const std::string& project) {
    auto ours = list_ours(kubectl, get_in({}, {"--all-namespaces"}), false, project);
    if (!ours) return tl::make_unexpected(ours.error());
    return std::move(ours->names);
}

std::string shown(const RbacName& object) {
    return object.kind + " " + object.name + (object.ns.empty() ? "" : " in " + object.ns);
}

Result<RbacChange> bring_about(const Kubectl& kubectl, const std::vector<RbacObject>& wanted,
                               const RbacScope& scope) {
    const auto seen = what_is_there(kubectl, wanted, scope);
    if (!seen) return tl::make_unexpected(seen.error());
    RbacChange change;
    change.problems = seen->problems;
    for (const auto& other : seen->others)
        change.problems.push_back(shown(other) + " is somebody else's: it has not the labels " +
                                  std::string(managed_by_key) + "=" + std::string(managed_by_us) +
                                  " and " + std::string(project_key) + "=" +
                                  project_label(scope.project));
    const auto is_left_alone = [&](const RbacName& name) {
        return seen->others.count(name) > 0 || seen->unknown.count(name) > 0;
    };
    std::set<RbacName> names;
    std::string yaml;
    for (const auto& object : wanted) {
        if (is_left_alone(object.name) || is_left_alone(object.role)) continue;
        names.insert(object.name);
        yaml += object.yaml;
    }
    // First: it may be all that still lets somebody in.
    for (const auto& name : seen->ours) {
        if (names.count(name) > 0) continue;
        const auto removed =
            seen->held.count(name) > 0 ? remove_held(kubectl, name) : remove(kubectl, name);
        if (removed)
            change.removed.push_back(name);
        else
            change.problems.push_back(removed.error().message);
    }
    if (names.empty()) return change;
    // The API server validates; kubectl would first fetch what it needs to do so itself.
    const auto applied =
        kubectl.run({"apply", "--server-side", "--force-conflicts", "--validate=false",
                     "--field-manager", "togetherctl", "--filename", "-"},
                    yaml);
    if (applied)
        change.applied = names.size();
    else
        change.problems.push_back(applied.error().message);
    return change;
}

}  // namespace together::ctl
