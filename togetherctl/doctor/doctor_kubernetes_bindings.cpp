// SPDX-License-Identifier: Apache-2.0
// Whom RBAC gives rights behind together-authorizer, which has no opinion about them.
#include <algorithm>
#include <array>
#include <optional>

#include "common/kubernetes/policy.h"
#include "togetherctl/doctor/doctor_kubernetes.h"

namespace together::ctl {
namespace {

using namespace together;
using Strings = std::vector<std::string>;

constexpr const char* check = "kubernetes_rbac";
constexpr std::string_view accounts = "system:serviceaccounts";
constexpr std::string_view account = "system:serviceaccount:";

// Every cluster has these bindings, to what nobody gains anything by.
constexpr std::array<std::string_view, 4> harmless_roles = {
    "system:basic-user", "system:discovery", "system:public-info-viewer",
    "system:service-account-issuer-discovery"};
// kubeadm's: anybody reads there how to reach the cluster.
constexpr std::string_view public_namespace = "kube-public";

std::optional<std::string> of_namespace(const Strings& ours, std::string_view ns,
                                        const std::string& who) {
    if (!kubernetes::is_workload_namespace(ns, ours)) return std::nullopt;
    return who + " of " + std::string(ns);
}

std::optional<std::string> group_of_many(const std::string& name, const Strings& ours) {
    if (name == "system:authenticated" || name == "system:unauthenticated") return "everybody";
    if (name == accounts) return "every service account";
    if (!name.starts_with(std::string(accounts) + ":")) return std::nullopt;
    return of_namespace(ours, std::string_view(name).substr(accounts.size() + 1),
                        "every service account");
}

// Also by the name that it has as a user: system:serviceaccount:NAMESPACE:NAME.
std::optional<std::string> user_of_many(const std::string& name, const Strings& ours) {
    if (name == "system:anonymous") return "everybody";
    if (!name.starts_with(account)) return std::nullopt;
    const auto rest = std::string_view(name).substr(account.size());
    return of_namespace(ours, rest.substr(0, rest.find(':')), "the user " + name);
}

// Whom a Member can be, or anybody; nobody where it is an account of somebody else's.
std::optional<std::string> whom_it_lets_in(const Json::Value& subject, const Strings& ours) {
    const auto kind = text_at(subject, "kind");
    const auto name = text_at(subject, "name");
    if (kind == "Group") return group_of_many(name, ours);
    if (kind == "User") return user_of_many(name, ours);
    if (kind != "ServiceAccount") return std::nullopt;
    return of_namespace(ours, text_at(subject, "namespace"), "the service account " + name);
}

// A Role of such a name is somebody's own.
bool is_harmless(const Json::Value& role) {
    return text_at(role, "kind") == "ClusterRole" &&
           std::count(harmless_roles.begin(), harmless_roles.end(), text_at(role, "name")) > 0;
}

std::optional<std::string> whom_it_lets_in_too_many(const Json::Value& binding,
                                                    const Strings& ours) {
    const auto& subjects = at(binding, "subjects");
    if (!subjects.isArray() || is_harmless(at(binding, "roleRef")) ||
        text_at(at(binding, "metadata"), "namespace") == public_namespace)
        return std::nullopt;
    for (const auto& subject : subjects)
        if (auto whom = whom_it_lets_in(subject, ours)) return whom;
    return std::nullopt;
}

void tell(const Json::Value& binding, const std::string& whom, Findings& findings) {
    const auto& metadata = at(binding, "metadata");
    const auto ns = text_at(metadata, "namespace");
    const auto name = text_at(metadata, "name");
    findings.fail(
        check,
        text_at(binding, "kind") + " " + name + (ns.empty() ? "" : " in " + ns) + " gives " +
            text_at(at(binding, "roleRef"), "name") + " to " + whom,
        whom == "everybody" ? "users without username_prefix go on to RBAC, and get in there"
                            : "a Member's pods act as such an account, and have its rights",
        "kubectl delete" + (ns.empty() ? "" : " --namespace " + in_shell(ns)) +
            (ns.empty() ? " -- clusterrolebinding " : " -- rolebinding ") + in_shell(name));
}

}  // namespace

std::string in_shell(const std::string& word) {
    constexpr std::string_view plain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:-";
    if (!word.empty() && word.find_first_not_of(plain) == word.npos) return word;
    std::string quoted = "'";
    for (const char c : word) c == '\'' ? quoted += "'\\''" : quoted += c;
    return quoted + "'";
}

void check_cluster_bindings(const NodeConfig& config, const Kubectl& kubectl, Findings& findings) {
    const auto bindings =
        kubectl.json({"get", "clusterrolebindings,rolebindings", "--all-namespaces"});
    if (!bindings)
        return findings.fail(check, bindings.error().message,
                             "a binding may let in whom together-authorizer has no opinion about",
                             "kubectl get clusterrolebindings");
    std::size_t open = 0;
    for (const auto& binding : at(*bindings, "items")) {
        const auto whom = whom_it_lets_in_too_many(binding, config.kubernetes.namespaces);
        if (!whom) continue;
        ++open;
        tell(binding, *whom, findings);
    }
    if (open == 0)
        findings.ok(check, "no binding gives rights to everybody or to a Member's service account");
}

}  // namespace together::ctl
