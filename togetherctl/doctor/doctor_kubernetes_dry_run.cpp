// SPDX-License-Identifier: Apache-2.0
// Labels and a policy are words: an API server started with --disable-admission-plugins, or with an
// exemption, acts on none of them. So it is asked, in a dry run, to make what they must refuse.
#include <json/value.h>
#include <json/writer.h>

#include <optional>

#include "togetherctl/doctor/doctor_kubernetes.h"

namespace together::ctl {
namespace {

using namespace together;

constexpr const char* check = "kubernetes_dry_run";

struct Guard {
    const char* name;
    const char* refuses;
    const char* says;  // in its refusal
    const char* fix;
};
constexpr Guard pod_security = {"Pod Security", "a pod with the capability SYS_ADMIN",
                                "violates PodSecurity",
                                "kube-apiserver: no PodSecurity in --disable-admission-plugins, no "
                                "exemption of this namespace"};
constexpr Guard policy = {
    "the ValidatingAdmissionPolicy together-workloads", "a pod that tolerates every taint",
    "ValidatingAdmissionPolicy 'together-workloads'",
    "kube-apiserver: no ValidatingAdmissionPolicy in --disable-admission-plugins"};

// What neither of them minds, nor Pod Security where it enforces "restricted".
Json::Value harmless_pod(const std::string& ns) {
    Json::Value pod;
    pod["apiVersion"] = "v1";
    pod["kind"] = "Pod";
    pod["metadata"]["generateName"] = "togetherctl-doctor-";
    pod["metadata"]["namespace"] = ns;
    pod["spec"]["automountServiceAccountToken"] = false;
    auto& container = pod["spec"]["containers"].append(Json::objectValue);
    container["name"] = "none";
    container["image"] = "none.invalid/none";
    auto& secured = container["securityContext"];
    secured["allowPrivilegeEscalation"] = false;
    secured["runAsNonRoot"] = true;
    secured["capabilities"]["drop"].append("ALL");
    secured["seccompProfile"]["type"] = "RuntimeDefault";
    return pod;
}

Json::Value pod_with_capability(const std::string& ns) {
    auto pod = harmless_pod(ns);
    pod["spec"]["containers"][0]["securityContext"]["capabilities"]["add"].append("SYS_ADMIN");
    return pod;
}

Json::Value pod_that_tolerates_all(const std::string& ns) {
    auto pod = harmless_pod(ns);
    pod["spec"]["tolerations"].append(Json::objectValue)["operator"] = "Exists";
    return pod;
}

bool has(const std::string& text, const char* part) {
    return text.find(part) != text.npos;
}

// True where it was refused by whom it must be.
bool is_refused(const Guard& guard, const Json::Value& pod, const std::string& ns,
                const Kubectl& kubectl, Findings& findings) {
    const auto made =
        kubectl.json({"create", "--dry-run=server", "--validate=false", "--filename", "-"},
                     Json::FastWriter().write(pod));
    const auto said = made ? "" : made.error().message;
    if (has(said, guard.says)) return true;
    // An API server asks its quotas last of all.
    if (!made && !has(said, "exceeded quota: ") && !has(said, "failed quota: "))
        findings.tell(check, ns + ": whether " + guard.name + " acts could not be tried: " + said);
    else
        findings.fail(check, ns + ": " + guard.name + " lets " + guard.refuses + " through",
                      "a Member becomes root on a node, whatever labels and policy say", guard.fix);
    return false;
}

}  // namespace

void try_admission(const std::string& ns, const Kubectl& kubectl, Findings& findings) {
    const bool first = is_refused(pod_security, pod_with_capability(ns), ns, kubectl, findings);
    const bool second = is_refused(policy, pod_that_tolerates_all(ns), ns, kubectl, findings);
    if (first && second)
        findings.ok(check, ns + ": Pod Security and the admission policy refuse what they must");
}

}  // namespace together::ctl
