// SPDX-License-Identifier: Apache-2.0
// What `togetherctl kubernetes rolebindings` made in a namespace before that left the list.
#include <map>
#include <vector>

#include "common/kubernetes/policy.h"
#include "togetherctl/doctor/doctor_kubernetes.h"
#include "togetherctl/kubernetes/rbac_sync.h"

namespace together::ctl {
namespace {

using namespace together;

constexpr const char* check = "kubernetes_left";

void tell(const std::string& ns, const std::vector<RbacName>& left, Findings& findings) {
    std::string names;
    auto command = "kubectl delete --namespace " + in_shell(ns) + " --";
    for (const auto& object : left) {
        names += (names.empty() ? "" : ", ") + object.kind + " " + object.name;
        command += (object.kind == "Role" ? " role/" : " rolebinding/") + in_shell(object.name);
    }
    findings.fail(check, ns + " is none of [kubernetes] namespaces, and has " + names,
                  "whoever is bound there stays bound, on the roster or not", command);
}

}  // namespace

void check_left_namespaces(const NodeConfig& config, const Kubectl& kubectl, Findings& findings) {
    const auto ours = ours_in_all_namespaces(kubectl, config.project);
    if (!ours)
        return findings.fail(check, ours.error().message,
                             "somebody may still be bound in a namespace that left the list",
                             "kubectl get rolebindings --all-namespaces");
    std::map<std::string, std::vector<RbacName>> left;
    for (const auto& object : *ours)
        if (!kubernetes::is_workload_namespace(object.ns, config.kubernetes.namespaces))
            left[object.ns].push_back(object);
    for (const auto& [ns, objects] : left) tell(ns, objects, findings);
    if (left.empty())
        findings.ok(check, "kubernetes rolebindings left nobody bound in another namespace");
}

}  // namespace together::ctl
