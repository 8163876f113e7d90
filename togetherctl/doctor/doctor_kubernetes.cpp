// SPDX-License-Identifier: Apache-2.0
// The cluster's API server, as the caller's kubectl shows it: whether it asks together-authorizer,
// and whether what no authorizer sees is closed.
#include "togetherctl/doctor/doctor_kubernetes.h"

#include <json/value.h>
#include <json/writer.h>

#include "common/kubernetes/policy.h"

namespace together::ctl {
namespace {

using namespace together;
using Strings = std::vector<std::string>;

constexpr const char* nobody = "invented-by-togetherctl-doctor";
constexpr const char* asks = "kubernetes_asks";
constexpr const char* webhook_first =
    "AuthorizationConfiguration: type Webhook before RBAC (docs/kubernetes.md)";

struct Asked {
    const char* verb;
    const char* group;
    const char* resource;
    const char* ns;
};
constexpr Asked members_request = {"list", "", "pods", "default"};
// RBAC grants it to everybody, and says that it was RBAC; so do we, and say nothing.
constexpr Asked everybodys_request = {"create", "authorization.k8s.io", "selfsubjectaccessreviews",
                                      ""};

std::string review_of(const std::string& user, const Asked& asked) {
    Json::Value review;
    review["kind"] = "SubjectAccessReview";
    review["apiVersion"] = "authorization.k8s.io/v1";
    review["spec"]["user"] = user;
    review["spec"]["groups"].append("system:authenticated");
    auto& wanted = review["spec"]["resourceAttributes"];
    wanted["verb"] = asked.verb;
    wanted["group"] = asked.group;
    wanted["resource"] = asked.resource;
    wanted["namespace"] = asked.ns;
    return Json::FastWriter().write(review);
}

Result<Json::Value> status_of(const Kubectl& kubectl, const std::string& user, const Asked& asked) {
    const auto review =
        kubectl.json({"create", "--validate=false", "--filename", "-"}, review_of(user, asked));
    if (!review) return tl::make_unexpected(review.error());
    return at(*review, "status");
}

// True where the stranger was denied as they should be.
bool judge_stranger(const Json::Value& status, const std::string& user, const std::string& project,
                    Findings& findings) {
    const auto reason = text_at(status, "reason");
    if (at(status, "allowed") == Json::Value(true))
        findings.fail(asks, user + ", whom nobody knows, may list pods: " + reason,
                      "any authenticated user is let in", webhook_first);
    else if (at(status, "denied") != Json::Value(true))
        findings.fail(asks, "the API server does not ask together-authorizer",
                      "whom RBAC lets in gets in, on the roster or not", webhook_first);
    else if (reason.find(" is not a collaborator of project " + project + ".") == std::string::npos)
        findings.fail(asks, "an unknown user is denied, not by this project's roster: " + reason,
                      "collaborators may be denied as well",
                      "look at together-authorizer's /readyz and its log");
    else
        return true;
    return false;
}

void judge_order(const Json::Value& status, Findings& findings) {
    if (text_at(status, "reason").starts_with("RBAC"))
        return findings.fail(asks, "the API server asks RBAC before together-authorizer",
                             "whom RBAC lets in gets in, on the roster or not", webhook_first);
    findings.ok(asks, "an unknown user is denied by this project's roster");
}

void check_asks(const NodeConfig& config, const Kubectl& kubectl, Findings& findings) {
    const auto user = config.kubernetes.username_prefix + nobody;
    const auto cannot_tell = [&](const Error& error) {
        findings.fail(asks, error.message, "nobody can tell whom it lets in",
                      "kubectl auth can-i create subjectaccessreviews.authorization.k8s.io");
    };
    const auto refused = status_of(kubectl, user, members_request);
    if (!refused) return cannot_tell(refused.error());
    if (!judge_stranger(*refused, user, config.project, findings)) return;
    const auto granted = status_of(kubectl, user, everybodys_request);
    if (!granted) return cannot_tell(granted.error());
    judge_order(*granted, findings);
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

}  // namespace

void check_kubernetes(const NodeConfig& config, const Kubectl& kubectl, Findings& findings) {
    check_asks(config, kubectl, findings);
    check_cluster_bindings(config, kubectl, findings);
    check_left_namespaces(config, kubectl, findings);
    check_namespaces(config, kubectl, findings);
    check_admission_policy(kubectl, findings);
}

}  // namespace together::ctl
