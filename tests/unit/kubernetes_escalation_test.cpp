// SPDX-License-Identifier: Apache-2.0
// No sequence of what a Member may do makes them more than a Member. The steps below are how people
// become more in Kubernetes; what an authorizer cannot see is closed by a validation of the
// admission policy that we ship, which is looked for there by its message.
#include <CppUTest/TestHarness.h>

#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "common/kubernetes/policy.h"

using namespace together;
using namespace together::kubernetes;

namespace {

const std::vector<std::string> ours = {"default"};

struct Call {
    const char* verb;
    const char* group;
    const char* resource;
    const char* subresource;
    const char* ns;
};

struct Step {
    std::vector<Call> calls;         // any one of them is enough
    std::vector<const char*> facts;  // all of them must hold
    const char* validation;          // closed by the one with this in its message; null: by none
    const char* gives;
};

// Whatever makes pods, in the project's namespace.
const std::vector<Call> makes_pods = {{"create", "", "pods", "", "default"},
                                      {"create", "apps", "deployments", "", "default"},
                                      {"patch", "apps", "daemonsets", "", "default"},
                                      {"create", "batch", "cronjobs", "", "default"},
                                      {"create", "batch", "jobs", "", "default"},
                                      {"update", "apps", "replicasets", "", "default"}};

// clang-format off
const std::vector<Step> steps = {
    // Through the content of what a Member makes.
    {makes_pods, {}, "service account \"default\"", "another's service account"},
    {makes_pods, {}, "privileged container", "the node"},
    {makes_pods, {}, "namespace of the host", "the node"},
    {makes_pods, {}, "volumes of these kinds alone", "the node"},
    {makes_pods, {}, "volumes of these kinds alone", "volumes.manage"},
    {makes_pods, {}, "go through the scheduler", "clusters.modify"},
    {makes_pods, {}, "priority class of the system", "clusters.modify"},
    {{{"create", "", "secrets", "", "default"}}, {}, "no tokens of service accounts", "another's service account"},
    {{{"create", "apps", "statefulsets", "", "default"}, {"patch", "apps", "statefulsets", "", "default"}}, {}, "make no volumes", "volumes.manage"},
    {{{"update", "", "services", "", "default"}}, {}, "no externalIPs", "others' traffic"},
    // Through another identity.
    {{{"create", "", "serviceaccounts", "token", "default"}, {"create", "", "serviceaccounts", "token", "kube-system"}}, {}, nullptr, "another's service account"},
    {{{"get", "", "secrets", "", "kube-system"}, {"list", "", "secrets", "", ""}}, {}, nullptr, "another's service account"},
    {{{"create", "", "pods", "exec", "kube-system"}, {"create", "", "pods", "", "kube-system"}, {"patch", "", "pods", "ephemeralcontainers", "default"}, {"patch", "apps", "deployments", "", "kube-system"}}, {}, nullptr, "another's service account"},
    {{{"impersonate", "", "users", "", ""}, {"impersonate", "", "groups", "", ""}, {"impersonate", "", "serviceaccounts", "", "default"}}, {}, nullptr, "Admin"},
    {{{"create", "certificates.k8s.io", "certificatesigningrequests", "", ""}}, {}, nullptr, "a certificate that waits"},
    {{{"update", "certificates.k8s.io", "certificatesigningrequests", "approval", ""}}, {"a certificate that waits"}, nullptr, "Admin"},
    {{{"create", "certificates.k8s.io", "podcertificaterequests", "", "default"}}, {}, nullptr, "another's service account"},
    // Through the rules themselves.
    {{{"create", "rbac.authorization.k8s.io", "rolebindings", "", "default"}, {"patch", "rbac.authorization.k8s.io", "clusterrolebindings", "", ""}, {"bind", "rbac.authorization.k8s.io", "clusterroles", "", ""}, {"escalate", "rbac.authorization.k8s.io", "roles", "", "default"}, {"update", "rbac.authorization.k8s.io", "clusterroles", "", ""}}, {}, nullptr, "Admin"},
    {{{"create", "admissionregistration.k8s.io", "mutatingwebhookconfigurations", "", ""}, {"create", "admissionregistration.k8s.io", "mutatingadmissionpolicies", "", ""}, {"create", "apiregistration.k8s.io", "apiservices", "", ""}, {"patch", "apiextensions.k8s.io", "customresourcedefinitions", "", ""}}, {}, nullptr, "Admin"},
    {{{"delete", "admissionregistration.k8s.io", "validatingadmissionpolicies", "", ""}, {"patch", "admissionregistration.k8s.io", "validatingadmissionpolicybindings", "", ""}, {"patch", "", "namespaces", "", "default"}, {"update", "", "namespaces", "finalize", "default"}}, {}, nullptr, "no admission policy"},
    {makes_pods, {"no admission policy"}, nullptr, "the node"},
    // Through nodes, volumes and the traffic of others.
    {{{"get", "", "nodes", "proxy", ""}, {"create", "", "nodes", "proxy", ""}, {"patch", "", "nodes", "", ""}, {"patch", "", "nodes", "status", ""}, {"create", "", "pods", "binding", "default"}}, {}, nullptr, "the node"},
    {{{"create", "", "persistentvolumes", "", ""}}, {}, nullptr, "a volume of the node's disk"},
    {{{"create", "", "persistentvolumeclaims", "", "default"}}, {"a volume of the node's disk"}, nullptr, "the node"},
    {{{"create", "", "persistentvolumeclaims", "", "default"}, {"delete", "", "persistentvolumeclaims", "", "default"}}, {}, nullptr, "volumes.manage"},
    {{{"create", "", "endpoints", "", "default"}, {"patch", "discovery.k8s.io", "endpointslices", "", "default"}, {"patch", "", "services", "status", "default"}, {"create", "networking.k8s.io", "ingresses", "", "default"}, {"get", "", "services", "proxy", "kube-system"}, {"delete", "networking.k8s.io", "networkpolicies", "", "default"}}, {}, nullptr, "others' traffic"},
    {{{"update", "coordination.k8s.io", "leases", "", "kube-system"}, {"update", "", "configmaps", "", "kube-system"}}, {}, nullptr, "Admin"},
    // An autoscaler acts with its controller's right to scale whatever has a scale.
    {{{"create", "autoscaling", "horizontalpodautoscalers", "", "default"}, {"patch", "slinky.slurm.net", "nodesets", "scale", "slurm"}, {"patch", "slinky.slurm.net", "nodesets", "", "slurm"}}, {}, nullptr, "clusters.scale"},
    // From there everything.
    {{}, {"another's service account"}, nullptr, "Admin"},
    {{}, {"the node"}, nullptr, "Admin"},
    {{}, {"volumes.manage"}, nullptr, "Admin"},
    {{}, {"clusters.modify"}, nullptr, "Admin"},
    {{}, {"clusters.scale"}, nullptr, "Admin"},
    {{}, {"others' traffic"}, nullptr, "Admin"},
};
// clang-format on

std::string shipped_policy() {
    std::ifstream file(TOGETHER_SOURCE_DIR "/packaging/kubernetes/admission-policy.yaml");
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

bool may(const Call& call) {
    const auto requirement = requirement_for({.verb = call.verb,
                                              .group = call.group,
                                              .resource = call.resource,
                                              .subresource = call.subresource,
                                              .name = {},
                                              .ns = call.ns,
                                              .path = {},
                                              .is_resource = true},
                                             ours);
    return requirement.need == Need::authenticated ||
           (requirement.need == Need::action && permits(Role::member, requirement.action));
}

bool is_open(const Step& step, const std::set<std::string>& facts,
             const std::set<std::string>& validations) {
    if (step.validation != nullptr && validations.contains(step.validation)) return false;
    for (const char* fact : step.facts)
        if (!facts.contains(fact)) return false;
    if (step.calls.empty()) return true;
    for (const auto& call : step.calls)
        if (may(call)) return true;
    return false;
}

bool a_member_becomes_an_admin(const std::set<std::string>& validations) {
    std::set<std::string> facts;
    bool found_more = true;
    while (found_more) {
        found_more = false;
        for (const auto& step : steps)
            if (is_open(step, facts, validations)) found_more |= facts.insert(step.gives).second;
    }
    return facts.contains("Admin");
}

std::set<std::string> validations_of_the_steps() {
    std::set<std::string> all;
    for (const auto& step : steps)
        if (step.validation != nullptr) all.insert(step.validation);
    return all;
}

}  // namespace

TEST_GROUP(kubernetes_escalation){};

TEST(kubernetes_escalation, of_a_member_ends_nowhere) {
    CHECK_FALSE(a_member_becomes_an_admin(validations_of_the_steps()));
}

TEST(kubernetes_escalation, has_each_validation_in_the_shipped_policy) {
    const auto policy = shipped_policy();
    for (const auto& validation : validations_of_the_steps())
        CHECK_TEXT(policy.find(validation) != policy.npos, validation.c_str());
    std::size_t messages = 0;
    for (auto at = policy.find("- message:"); at != policy.npos;
         at = policy.find("- message:", at + 1))
        ++messages;
    LONGS_EQUAL(validations_of_the_steps().size(), messages);
}

TEST(kubernetes_escalation, succeeds_without_any_one_of_the_validations) {
    for (const auto& validation : validations_of_the_steps()) {
        auto others = validations_of_the_steps();
        others.erase(validation);
        CHECK_TEXT(a_member_becomes_an_admin(others), validation.c_str());
    }
}
