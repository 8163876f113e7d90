// SPDX-License-Identifier: Apache-2.0
// The cluster, as the caller's kubectl shows it: what no authorizer sees must be closed in the
// project's namespaces.
#include "togetherctl/doctor/doctor_kubernetes.h"

#include "common/config/word_list.h"
#include "common/kubernetes/policy.h"

namespace together::ctl {
namespace {

using namespace together;
using Strings = std::vector<std::string>;

constexpr const char* check = "kubernetes_namespaces";

Strings missing_labels(const Json::Value& labels) {
    Strings missing;
    const auto enforced = text_at(labels, "pod-security.kubernetes.io/enforce");
    if (enforced != "baseline" && enforced != "restricted")
        missing.emplace_back("pod-security.kubernetes.io/enforce=baseline");
    if (text_at(labels, "together") != "workloads") missing.emplace_back("together=workloads");
    return missing;
}

// Priority classes that stand in every pod without one by the time the policy sees it.
Strings default_priorities(const Kubectl& kubectl, Findings& findings) {
    Strings names;
    const auto classes = kubectl.json({"get", "priorityclasses"});
    if (!classes) {
        findings.tell(check, "whether every pod has a priority class could not be tried: " +
                                 classes.error().message);
        return names;
    }
    for (const auto& one : at(*classes, "items"))
        if (at(one, "globalDefault") == Json::Value(true))
            names.push_back(text_at(at(one, "metadata"), "name"));
    return names;
}

void check_priorities(const Json::Value& metadata, const Strings& defaults, Findings& findings) {
    constexpr const char* key = "together/priority-classes";
    const auto name = text_at(metadata, "name");
    auto allowed = text_at(at(metadata, "annotations"), key);
    for (const auto& one : defaults) {
        if ((" " + allowed + " ").find(" " + one + " ") != std::string::npos) continue;
        allowed += (allowed.empty() ? "" : " ") + one;
        findings.fail(check,
                      name + ": the priority class " + one +
                          " is every pod's (globalDefault), and not in the annotation " + key,
                      "the admission policy lets no pod in",
                      "kubectl annotate --overwrite namespace " + name + " " +
                          in_shell(std::string(key) + "=" + allowed));
    }
}

void check_labels(const Json::Value& metadata, const Kubectl& kubectl, Findings& findings) {
    const auto name = text_at(metadata, "name");
    const auto missing = missing_labels(at(metadata, "labels"));
    if (!missing.empty())
        return findings.fail(
            check, name + " is without the label " + joined_words(missing),
            "a Member becomes root on a node by a privileged pod",
            "kubectl label --overwrite namespace " + name + " " + joined_words(missing));
    findings.ok(check, name + " has Pod Security and the policy's label");
    try_admission(name, kubectl, findings);
}

void check_namespaces(const NodeConfig& config, const Kubectl& kubectl, Findings& findings) {
    const auto namespaces = kubectl.json({"get", "namespaces"});
    if (!namespaces)
        return findings.fail(check, namespaces.error().message,
                             "a Member's pods may reach the node",
                             "kubectl get namespaces --show-labels");
    const auto defaults = default_priorities(kubectl, findings);
    std::size_t seen = 0;
    for (const auto& one : at(*namespaces, "items")) {
        const auto& metadata = at(one, "metadata");
        const auto name = text_at(metadata, "name");
        if (!kubernetes::is_workload_namespace(name, config.kubernetes.namespaces)) continue;
        ++seen;
        check_labels(metadata, kubectl, findings);
        check_priorities(metadata, defaults, findings);
    }
    if (seen == 0)
        findings.warn(check, "none of [kubernetes] namespaces is in the cluster",
                      "Members can work nowhere", "set [kubernetes] namespaces, or create one");
}

}  // namespace

void check_kubernetes(const NodeConfig& config, const Kubectl& kubectl, Findings& findings) {
    check_webhook(config, kubectl, findings);
    check_cluster_bindings(config, kubectl, findings);
    check_left_namespaces(config, kubectl, findings);
    check_namespaces(config, kubectl, findings);
    check_admission_policy(kubectl, findings);
}

}  // namespace together::ctl
