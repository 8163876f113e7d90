// SPDX-License-Identifier: Apache-2.0
// The cluster's API server, as the caller's kubectl shows it: whether it asks together-authorizer,
// and whether what no authorizer sees is closed.
#include <json/value.h>
#include <json/writer.h>

#include <algorithm>
#include <array>

#include "common/kubernetes/policy.h"
#include "togetherctl/doctor/doctor_checks.h"

namespace together::ctl {
namespace {

using namespace together;
using Strings = std::vector<std::string>;

constexpr const char* nobody = "invented-by-togetherctl-doctor";
constexpr const char* policy_name = "together-workloads";
constexpr const char* policy_file =
    "kubectl apply -f admission-policy.yaml (of together-authorizer)";

// Every cluster has these bindings, to what nobody gains anything by.
constexpr std::array<std::string_view, 3> harmless_roles = {"system:basic-user", "system:discovery",
                                                            "system:public-info-viewer"};
// kubeadm's: anybody reads there how to reach the cluster.
constexpr std::string_view public_namespace = "kube-public";

std::string review_of(const std::string& user, const std::string& ns) {
    Json::Value review;
    review["kind"] = "SubjectAccessReview";
    review["apiVersion"] = "authorization.k8s.io/v1";
    review["spec"]["user"] = user;
    review["spec"]["groups"].append("system:authenticated");
    auto& wanted = review["spec"]["resourceAttributes"];
    wanted["verb"] = "list";
    wanted["resource"] = "pods";
    wanted["namespace"] = ns;
    return Json::FastWriter().write(review);
}

void judge_stranger(const Json::Value& status, const std::string& user, const std::string& project,
                    Findings& findings) {
    constexpr const char* check = "kubernetes_asks";
    constexpr const char* how =
        "AuthorizationConfiguration: type Webhook before RBAC (docs/kubernetes.md)";
    const auto reason = text_at(status, "reason");
    if (at(status, "allowed") == Json::Value(true))
        findings.fail(check, user + ", whom nobody knows, may list pods: " + reason,
                      "any authenticated user is let in", how);
    else if (at(status, "denied") != Json::Value(true))
        findings.fail(check, "the API server does not ask together-authorizer",
                      "whom RBAC lets in gets in, on the roster or not", how);
    else if (reason.find(" is not a collaborator of " + project) == std::string::npos)
        findings.fail(check, "an unknown user is denied, not by this project's roster: " + reason,
                      "collaborators may be denied as well",
                      "look at together-authorizer's /readyz and its log");
    else
        findings.ok(check, "an unknown user is denied by this project's roster");
}

void check_asks(const NodeConfig& config, const Kubectl& kubectl, Findings& findings) {
    const auto user = config.kubernetes.username_prefix + nobody;
    const auto review = kubectl.json({"create", "--filename", "-"}, review_of(user, "default"));
    if (review) return judge_stranger(at(*review, "status"), user, config.project, findings);
    findings.fail("kubernetes_asks", review.error().message, "nobody can tell whom it lets in",
                  "kubectl auth can-i create subjectaccessreviews.authorization.k8s.io");
}

// For a line that somebody pastes into a shell: RBAC's objects have nearly any name.
std::string in_shell(const std::string& word) {
    constexpr std::string_view plain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:-";
    if (!word.empty() && word.find_first_not_of(plain) == word.npos) return word;
    std::string quoted = "'";
    for (const char c : word) c == '\'' ? quoted += "'\\''" : quoted += c;
    return quoted + "'";
}

bool is_for_strangers(const Json::Value& subject) {
    const auto kind = text_at(subject, "kind");
    const auto name = text_at(subject, "name");
    return (kind == "Group" &&
            (name == "system:authenticated" || name == "system:unauthenticated")) ||
           (kind == "User" && name == "system:anonymous");
}

bool opens_the_cluster(const Json::Value& binding) {
    const auto& subjects = at(binding, "subjects");
    if (!subjects.isArray() || std::none_of(subjects.begin(), subjects.end(), is_for_strangers))
        return false;
    const auto role = text_at(at(binding, "roleRef"), "name");
    return std::count(harmless_roles.begin(), harmless_roles.end(), role) == 0 &&
           text_at(at(binding, "metadata"), "namespace") != public_namespace;
}

void check_bindings(const Kubectl& kubectl, Findings& findings) {
    constexpr const char* check = "kubernetes_rbac";
    const auto bindings =
        kubectl.json({"get", "clusterrolebindings,rolebindings", "--all-namespaces"});
    if (!bindings)
        return findings.fail(check, bindings.error().message,
                             "a binding may let in whom together-authorizer has no opinion about",
                             "kubectl get clusterrolebindings");
    std::size_t open = 0;
    for (const auto& binding : at(*bindings, "items")) {
        if (!opens_the_cluster(binding)) continue;
        ++open;
        const auto& metadata = at(binding, "metadata");
        const auto ns = text_at(metadata, "namespace");
        const auto name = text_at(metadata, "name");
        findings.fail(check,
                      text_at(binding, "kind") + " " + name + (ns.empty() ? "" : " in " + ns) +
                          " gives " + text_at(at(binding, "roleRef"), "name") + " to everybody",
                      "users without username_prefix go on to RBAC, and get in there",
                      "kubectl delete" + (ns.empty() ? "" : " --namespace " + in_shell(ns)) +
                          (ns.empty() ? " -- clusterrolebinding " : " -- rolebinding ") +
                          in_shell(name));
    }
    if (open == 0) findings.ok(check, "no binding gives rights to everybody");
}

Strings missing_labels(const Json::Value& labels) {
    Strings missing;
    const auto enforced = text_at(labels, "pod-security.kubernetes.io/enforce");
    if (enforced != "baseline" && enforced != "restricted")
        missing.emplace_back("pod-security.kubernetes.io/enforce=baseline");
    if (text_at(labels, "together") != "workloads") missing.emplace_back("together=workloads");
    return missing;
}

std::string joined(const Strings& words) {
    std::string text;
    for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
    return text;
}

void check_namespaces(const NodeConfig& config, const Kubectl& kubectl, Findings& findings) {
    constexpr const char* check = "kubernetes_namespaces";
    const auto namespaces = kubectl.json({"get", "namespaces"});
    if (!namespaces)
        return findings.fail(check, namespaces.error().message,
                             "a Member's pods may reach the node",
                             "kubectl get namespaces --show-labels");
    std::size_t seen = 0;
    for (const auto& one : at(*namespaces, "items")) {
        const auto& metadata = at(one, "metadata");
        const auto name = text_at(metadata, "name");
        if (!kubernetes::is_workload_namespace(name, config.kubernetes.namespaces)) continue;
        ++seen;
        const auto missing = missing_labels(at(metadata, "labels"));
        if (missing.empty())
            findings.ok(check, name + " has Pod Security and the policy's label");
        else
            findings.fail(check, name + " is without the label " + joined(missing),
                          "a Member becomes root on a node by a privileged pod",
                          "kubectl label --overwrite namespace " + name + " " + joined(missing));
    }
    if (seen == 0)
        findings.warn(check, "none of [kubernetes] namespaces is in the cluster",
                      "Members can work nowhere", "set [kubernetes] namespaces, or create one");
}

bool denies(const Json::Value& binding) {
    const auto& actions = at(at(binding, "spec"), "validationActions");
    return actions.isArray() && std::any_of(actions.begin(), actions.end(), [](const auto& action) {
               return action == Json::Value("Deny");
           });
}

void check_policy(const Kubectl& kubectl, Findings& findings) {
    constexpr const char* check = "kubernetes_admission";
    const std::string what = std::string("the ValidatingAdmissionPolicy ") + policy_name;
    constexpr const char* why = "a Member acts as a service account, or mounts the node's disk";
    const auto policy =
        kubectl.json({"get", "--ignore-not-found", "--", "validatingadmissionpolicy", policy_name});
    if (!policy) return findings.fail(check, policy.error().message, why, policy_file);
    if (at(*policy, "spec").isNull())
        return findings.fail(check, what + " is missing", why, policy_file);
    const auto bindings = kubectl.json({"get", "validatingadmissionpolicybindings"});
    if (!bindings) return findings.fail(check, bindings.error().message, why, policy_file);
    const auto& items = at(*bindings, "items");
    const bool bound = std::any_of(items.begin(), items.end(), [](const auto& binding) {
        return text_at(at(binding, "spec"), "policyName") == policy_name && denies(binding);
    });
    if (bound) return findings.ok(check, what + " is bound, and denies");
    findings.fail(check, what + " has no binding that denies", why, policy_file);
}

}  // namespace

void check_kubernetes(const NodeConfig& config, const Kubectl& kubectl, Findings& findings) {
    check_asks(config, kubectl, findings);
    check_bindings(kubectl, findings);
    check_namespaces(config, kubectl, findings);
    check_policy(kubectl, findings);
}

}  // namespace together::ctl
