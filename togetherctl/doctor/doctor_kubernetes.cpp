// SPDX-License-Identifier: Apache-2.0
// The cluster, as the caller's kubectl shows it: what no authorizer sees must be closed in the
// project's namespaces.
#include "togetherctl/doctor/doctor_kubernetes.h"

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

std::string joined(const Strings& words) {
    std::string text;
    for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
    return text;
}

void check_labels(const Json::Value& metadata, const Kubectl& kubectl, Findings& findings) {
    const auto name = text_at(metadata, "name");
    const auto missing = missing_labels(at(metadata, "labels"));
    if (!missing.empty())
        return findings.fail(check, name + " is without the label " + joined(missing),
                             "a Member becomes root on a node by a privileged pod",
                             "kubectl label --overwrite namespace " + name + " " + joined(missing));
    findings.ok(check, name + " has Pod Security and the policy's label");
    try_admission(name, kubectl, findings);
}

void check_namespaces(const NodeConfig& config, const Kubectl& kubectl, Findings& findings) {
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
        check_labels(metadata, kubectl, findings);
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
