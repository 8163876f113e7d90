// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/kubernetes/rbac_sync.h"

#include <set>
#include <string_view>

namespace together::ctl {
namespace {

using namespace together;

// KIND|NAMESPACE|NAME|MANAGED-BY a line.
constexpr const char* listing =
    R"(jsonpath={range .items[*]}{.kind}|{.metadata.namespace}|{.metadata.name}|)"
    R"({.metadata.labels.app\.kubernetes\.io/managed-by}{"\n"}{end})";

struct Found {
    RbacName name;
    bool is_ours;
};

std::string_view cut(std::string_view& text, char separator) {
    const auto part = text.substr(0, text.find(separator));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    return part;
}

// A name may have a | in it, a label has none.
Found found_in(std::string_view line) {
    const auto kind = cut(line, '|');
    const auto ns = cut(line, '|');
    const auto last = line.rfind('|');
    return {{std::string(kind), std::string(ns), std::string(line.substr(0, last))},
            last != line.npos && line.substr(last + 1) == managed_by_us};
}

Result<std::vector<Found>> what_is_there(const Kubectl& kubectl, const std::string& ns) {
    std::vector<std::string> arguments{"get"};
    if (ns.empty()) {
        arguments.insert(arguments.end(), {"roles,rolebindings,clusterroles,clusterrolebindings",
                                           "--all-namespaces"});
    } else {
        arguments.insert(arguments.end(), {"roles,rolebindings", "--namespace", ns});
    }
    arguments.insert(arguments.end(), {"--output", listing});
    const auto text = kubectl.run(arguments);
    if (!text) return tl::make_unexpected(text.error());
    std::vector<Found> all;
    for (std::string_view rest = *text; !rest.empty();)
        if (const auto line = cut(rest, '\n'); !line.empty()) all.push_back(found_in(line));
    return all;
}

Result<void> remove(const Kubectl& kubectl, const RbacName& object) {
    std::vector<std::string> arguments{"delete", object.kind, object.name, "--ignore-not-found"};
    if (!object.ns.empty()) arguments.insert(arguments.end(), {"--namespace", object.ns});
    const auto done = kubectl.run(arguments);
    if (!done) return tl::make_unexpected(done.error());
    return {};
}

}  // namespace

std::string shown(const RbacName& object) {
    return object.kind + " " + object.name + (object.ns.empty() ? "" : " in " + object.ns);
}

Result<RbacChange> bring_about(const Kubectl& kubectl, const std::vector<RbacObject>& wanted,
                               const std::string& ns) {
    const auto there = what_is_there(kubectl, ns);
    if (!there) return tl::make_unexpected(there.error());
    std::set<RbacName> names;
    std::string yaml;
    for (const auto& object : wanted) {
        names.insert(object.name);
        yaml += object.yaml;
    }
    for (const auto& one : *there)
        if (!one.is_ours && names.count(one.name) > 0)
            return failure(shown(one.name) + " is somebody else's: it has no label " +
                           std::string(managed_by_key) + "=" + std::string(managed_by_us));
    // First: it may be all that still lets somebody in.
    RbacChange change;
    for (const auto& one : *there) {
        if (!one.is_ours || names.count(one.name) > 0) continue;
        if (auto removed = remove(kubectl, one.name); !removed)
            return tl::make_unexpected(removed.error());
        change.removed.push_back(one.name);
    }
    if (wanted.empty()) return change;
    const auto applied = kubectl.run({"apply", "--server-side", "--force-conflicts",
                                      "--field-manager", "togetherctl", "--filename", "-"},
                                     yaml);
    if (!applied) return tl::make_unexpected(applied.error());
    change.applied = wanted.size();
    return change;
}

}  // namespace together::ctl
