// SPDX-License-Identifier: Apache-2.0
// No sequence of what a Member may do makes them more than a Member. All that they may call of what
// a whole API server has is called, and what that gives them is the beginning. The steps below are
// how people become more in Kubernetes; what an authorizer cannot see is closed by a validation of
// the admission policy that we ship, which is looked for there by its message.
#include <CppUTest/TestHarness.h>

#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "common/kubernetes/policy.h"
#include "tests/unit/support/access_tables.h"

using namespace together;
using namespace together::kubernetes;
using namespace access_tables;

namespace {

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

// What calls that are no mere look give a Member: all of them are here.
struct Given {
    const char* group;
    const char* resources;
    const char* fact;
};
const std::vector<Given> given = {
    {"core",
     "pods pods/exec pods/attach pods/portforward replicationcontrollers "
     "replicationcontrollers/scale",
     "the project's pods"},
    {"apps", "deployments deployments/scale daemonsets replicasets replicasets/scale",
     "the project's pods"},
    {"apps", "statefulsets", "the project's stateful sets"},
    {"batch", "jobs cronjobs", "the project's pods"},
    {"core", "secrets", "the project's secrets"},
    {"core", "configmaps", "the project's settings"},
    {"core", "services", "the project's services"},
    {"policy", "poddisruptionbudgets", "the project's pods"},
    // Admin access to a device is the namespace's label, which is an Admin's.
    {"resource.k8s.io", "resourceclaims resourceclaimtemplates", "the project's devices"},
    {"authorization.k8s.io", "selfsubjectaccessreviews selfsubjectrulesreviews",
     "their own rights"},
    {"authentication.k8s.io", "selfsubjectreviews", "their own name"},
};

// clang-format off
const std::vector<Step> steps = {
    // Through the content of what a Member makes.
    {{}, {"the project's pods"}, "service account \"default\"", "another's service account"},
    {{}, {"the project's pods"}, "privileged container", "the node"},
    {{}, {"the project's pods"}, "namespace of the host", "the node"},
    {{}, {"the project's pods"}, "volumes of these kinds alone", "the node"},
    {{}, {"the project's pods"}, "volumes of these kinds alone", "volumes.manage"},
    {{}, {"the project's pods"}, "ask the pod itself", "the node"},
    {{}, {"the project's pods"}, "go through the scheduler", "clusters.modify"},
    {{}, {"the project's pods"}, "no priority classes but those", "clusters.modify"},
    {{}, {"the project's pods"}, "tolerate taints of these keys alone", "clusters.modify"},
    {{}, {"the project's secrets"}, "no tokens of service accounts", "another's service account"},
    {{}, {"the project's stateful sets"}, "make no volumes", "volumes.manage"},
    {{}, {"the project's services"}, "no externalIPs", "others' traffic"},
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
    {{}, {"the project's pods", "no admission policy"}, nullptr, "the node"},
    // Through nodes, volumes and the traffic of others.
    {{{"get", "", "nodes", "proxy", ""}, {"create", "", "nodes", "proxy", ""}, {"patch", "", "nodes", "", ""}, {"patch", "", "nodes", "status", ""}, {"create", "", "pods", "binding", "default"}}, {}, nullptr, "the node"},
    {{{"create", "", "persistentvolumes", "", ""}}, {}, nullptr, "a volume of the node's disk"},
    {{{"create", "", "persistentvolumeclaims", "", "default"}}, {"a volume of the node's disk"}, nullptr, "the node"},
    {{{"create", "", "persistentvolumeclaims", "", "default"}, {"delete", "", "persistentvolumeclaims", "", "default"}}, {}, nullptr, "volumes.manage"},
    {{{"create", "", "endpoints", "", "default"}, {"patch", "discovery.k8s.io", "endpointslices", "", "default"}, {"patch", "", "services", "status", "default"}, {"create", "networking.k8s.io", "ingresses", "", "default"}, {"get", "", "services", "proxy", "kube-system"}, {"delete", "networking.k8s.io", "networkpolicies", "", "default"}}, {}, nullptr, "others' traffic"},
    {{{"update", "apps", "statefulsets", "scale", "team"}, {"patch", "apps", "statefulsets", "scale", "default"}}, {}, nullptr, "volumes.manage"},
    // The Service that everything finds the API server by.
    {{{"create", "", "services", "", "default"}, {"patch", "", "services", "", "default"}, {"delete", "", "services", "", "default"}, {"deletecollection", "", "services", "", "default"}, {"update", "", "endpoints", "", "default"}, {"update", "discovery.k8s.io", "endpointslices", "", "default"}}, {}, nullptr, "others' traffic"},
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

bool has_word(const std::string& list, const std::string& wanted) {
    std::istringstream words(list);
    for (std::string word; words >> word;)
        if (word == wanted) return true;
    return false;
}

bool only_looks(const std::string& resource, const std::string& verb) {
    if (resource == "secrets" || resource == "pods/exec" || resource == "pods/attach" ||
        resource == "pods/portforward")
        return false;
    return verb == "get" || verb == "list" || verb == "watch";
}

std::string what_gives(const std::string& group, const std::string& resource) {
    for (const auto& one : given)
        if (group == one.group && has_word(one.resources, resource)) return one.fact;
    FAIL((group + " " + resource + " is a Member's, and given has no line for it").c_str());
    return {};
}

// By every call that a Member may make, in every place.
std::set<std::string> facts_of_all_calls() {
    std::set<std::string> facts;
    for (const auto& line : lines_of("discovery.txt"))
        for (std::size_t verb = 3; verb < line.size(); ++verb)
            for (const auto& place : places) {
                const auto it = named(line[0], line[1]);
                const Call call = {line[verb].c_str(), it.group.c_str(), it.resource.c_str(),
                                   it.subresource.c_str(), place.ns};
                if (may(call) && !only_looks(line[1], line[verb]))
                    facts.insert(what_gives(line[0], line[1]));
            }
    return facts;
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
    auto facts = facts_of_all_calls();
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

TEST(kubernetes_escalation, begins_with_all_that_a_member_may_call) {
    for (const auto& one : given) CHECK_TEXT(facts_of_all_calls().contains(one.fact), one.fact);
}

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
