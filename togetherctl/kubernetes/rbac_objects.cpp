// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/kubernetes/rbac_objects.h"

#include <json/writer.h>

#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstdio>
#include <iterator>
#include <span>

#include "common/kubernetes/policy.h"
#include "common/roles/identifiers.h"
#include "common/roster/checksum.h"

namespace together::ctl {
namespace {

using namespace together;
using kubernetes::PolicyRow;
using kubernetes::Where;

constexpr std::string_view for_members = "together-member";
constexpr std::string_view for_admins = "together-admin";
// etcd takes 1.5 MiB an object, which are some 10,000 people.
constexpr std::size_t max_subjects = 1000;

std::string yaml_text(std::string_view text) {
    return Json::valueToQuotedString(std::string(text).c_str());
}

// "a b" as ["a", "b"].
std::string list_of(std::string_view words) {
    std::string text = "[";
    while (!words.empty()) {
        const auto word = words.substr(0, words.find(' '));
        text += (text.size() > 1 ? ", " : "") + yaml_text(word);
        words.remove_prefix(std::min(words.size(), word.size() + 1));
    }
    return text + "]";
}

std::string hash_of(const std::string& project) {
    const auto digest = checksum(std::as_bytes(std::span(project)));
    std::array<char, 17> hex{};
    std::snprintf(hex.data(), hex.size(), "%016" PRIx64, digest);
    return hex.data();
}

// A project's id has capitals, which many a tool takes for no name of an object.
std::string name_of(std::string_view whose, const std::string& project) {
    return std::string(whose) + "." + hash_of(project);
}

std::string head(const RbacName& object, const std::string& project) {
    std::string text = "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: " + object.kind +
                       "\nmetadata:\n  name: " + object.name + "\n";
    if (!object.ns.empty()) text += "  namespace: " + yaml_text(object.ns) + "\n";
    return text.append("  labels:\n    ")
               .append(managed_by_key)
               .append(": ")
               .append(managed_by_us)
               .append("\n    ")
               .append(project_key) +
           ": " + yaml_text(project_label(project)) + "\n";
}

// `ns` empty: the cluster, where a row of "anywhere" is the same rule as one of "cluster".
bool stands_in(Where where, const std::string& ns) {
    switch (where) {
        case Where::project_namespaces:
            return !ns.empty();
        case Where::but_default:
            return !ns.empty() && ns != kubernetes::default_namespace;
        case Where::cluster:
        case Where::anywhere:
            return ns.empty();
        case Where::path:
            return false;
    }
    return false;
}

bool is_a_members(const PolicyRow& row, const std::string& ns) {
    return row.action && permits(Role::member, *row.action) && stands_in(row.where, ns);
}

RbacObject role(const std::string& ns, const std::string& project) {
    RbacObject object{
        {ns.empty() ? "ClusterRole" : "Role", ns, name_of(for_members, project)}, {}, {}};
    object.yaml = head(object.name, project) + "rules:\n";
    for (const auto& row : kubernetes::policy())
        if (is_a_members(row, ns))
            object.yaml += "- apiGroups: [" + yaml_text(row.group) +
                           "]\n  resources: " + list_of(row.resources) +
                           "\n  verbs: " + list_of(row.verbs) + "\n";
    return object;
}

struct Binding {
    const std::string& project;
    std::string ns;
    std::string name;
    std::string_view role_kind;
    std::string role;
};

RbacObject binding(const Binding& what, std::size_t number, const std::string& subjects) {
    const auto name = what.name + (number == 0 ? "" : "." + std::to_string(number + 1));
    RbacObject object{{what.ns.empty() ? "ClusterRoleBinding" : "RoleBinding", what.ns, name},
                      {},
                      {std::string(what.role_kind), what.ns, what.role}};
    object.yaml = head(object.name, what.project) +
                  "roleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: ";
    object.yaml.append(what.role_kind).append("\n  name: ").append(what.role);
    object.yaml += "\nsubjects:\n" + subjects;
    return object;
}

void bind(std::vector<RbacObject>& objects, const Binding& what,
          const std::set<std::string>& logins, const std::string& prefix) {
    std::size_t number = 0;
    for (auto login = logins.begin(); login != logins.end(); ++number) {
        std::string subjects;
        for (std::size_t i = 0; i < max_subjects && login != logins.end(); ++i, ++login)
            subjects += "- apiGroup: rbac.authorization.k8s.io\n  kind: User\n  name: " +
                        yaml_text(prefix + *login) + "\n";
        objects.push_back(binding(what, number, subjects));
    }
}

}  // namespace

bool is_name_of_ours(std::string_view name, const std::string& project) {
    for (const auto whose : {for_members, for_admins}) {
        const auto base = name_of(whose, project);
        if (!name.starts_with(base)) continue;
        const auto rest = name.substr(base.size());
        return rest.empty() || (rest.front() == '.' && is_digits(rest.substr(1)));
    }
    return false;
}

std::string project_label(const std::string& project) {
    constexpr std::size_t max_label = 63;
    const auto last = project.empty() ? '-' : project.back();
    if (project.size() <= max_label && last != '-' && last != '_') return project;
    const auto hash = hash_of(project);
    // No project has a dot.
    return project.substr(0, max_label - hash.size() - 1) + "." + hash;
}

std::vector<RbacObject> rbac_objects(const ClusterPeople& people, const std::string& prefix,
                                     const RbacScope& scope) {
    std::vector<RbacObject> objects;
    const auto& project = scope.project;
    const auto member = name_of(for_members, project);
    const auto admin = name_of(for_admins, project);
    if (scope.with_cluster) {
        objects.push_back(role({}, project));
        bind(objects, {project, {}, member, "ClusterRole", member}, people.members, prefix);
        bind(objects, {project, {}, admin, "ClusterRole", "cluster-admin"}, people.admins, prefix);
    }
    for (const auto& ns : scope.namespaces) {
        objects.push_back(role(ns, project));
        bind(objects, {project, ns, member, "Role", member}, people.members, prefix);
    }
    return objects;
}

}  // namespace together::ctl
