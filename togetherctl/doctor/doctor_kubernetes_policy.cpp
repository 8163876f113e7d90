// SPDX-License-Identifier: Apache-2.0
// Whether the cluster's admission policy says what ours does. kubectl reads the YAML that we ship.
#include <algorithm>
#include <array>
#include <optional>

#include "togetherctl/doctor/doctor_kubernetes.h"
#include "togetherctl/kubernetes/shipped_policy.h"

namespace together::ctl {
namespace {

using namespace together;

constexpr const char* check = "kubernetes_admission";
constexpr const char* policy_name = "together-workloads";
constexpr const char* policy = "the ValidatingAdmissionPolicy together-workloads";
constexpr const char* why = "a Member acts as a service account, or mounts the node's disk";
constexpr const char* apply_it =
    "kubectl apply --server-side --force-conflicts -f admission-policy.yaml (of this release's "
    "together-authorizer)";

struct Shipped {
    Json::Value policy;
    Json::Value binding;
};

Result<Shipped> shipped(const Kubectl& kubectl) {
    constexpr std::string_view separator = "\n---\n";
    const auto both = shipped_admission_policy();
    const auto end = both.find(separator);
    const auto read = [&](std::string_view yaml) {
        return kubectl.json({"create", "--dry-run=client", "--validate=false", "--filename", "-"},
                            yaml);
    };
    auto first = read(both.substr(0, end));
    if (!first) return tl::make_unexpected(first.error());
    auto second = read(both.substr(end + separator.size()));
    if (!second) return tl::make_unexpected(second.error());
    return Shipped{at(*first, "spec"), at(*second, "spec")};
}

// What an API server adds where nothing is said, so that it says nothing.
bool is_a_default(const std::string& name, const Json::Value& value) {
    return value.empty() || (name == "matchPolicy" && value == Json::Value("Equivalent")) ||
           (name == "scope" && value == Json::Value("*"));
}

// Where the cluster's is another than ours: "spec.validations[3].expression". Lists have an order.
std::optional<std::string> difference(const Json::Value& ours, const Json::Value& theirs,
                                      const std::string& where) {
    if (ours.isArray() && theirs.isArray() && ours.size() == theirs.size()) {
        for (Json::ArrayIndex i = 0; i < ours.size(); ++i)
            if (auto found = difference(ours[i], theirs[i], where + "[" + std::to_string(i) + "]"))
                return found;
        return std::nullopt;
    }
    if (!ours.isObject() || !theirs.isObject())
        return ours == theirs ? std::nullopt : std::optional(where);
    for (const auto& name : ours.getMemberNames())
        if (auto found = difference(ours[name], at(theirs, name.c_str()), where + "." + name))
            return found;
    for (const auto& name : theirs.getMemberNames())
        if (!ours.isMember(name) && !is_a_default(name, theirs[name])) return where + "." + name;
    return std::nullopt;
}

void judge_binding(const Json::Value& ours, const Json::Value& bindings, Findings& findings) {
    std::string wrong;
    for (const auto& binding : at(bindings, "items")) {
        const auto& spec = at(binding, "spec");
        if (text_at(spec, "policyName") != policy_name) continue;
        const auto differs = difference(ours, spec, "spec");
        if (!differs)
            return findings.ok(check, std::string(policy) + " is ours, is bound, and denies");
        wrong = text_at(at(binding, "metadata"), "name") + " differs from ours in " + *differs;
    }
    findings.fail(
        check, std::string(policy) + (wrong.empty() ? " is not bound" : ": its binding " + wrong),
        why, apply_it);
}

}  // namespace

void check_admission_policy(const Kubectl& kubectl, Findings& findings) {
    const auto cannot_tell = [&](const Error& error) {
        findings.fail(check, error.message, why, apply_it);
    };
    const auto theirs =
        kubectl.json({"get", "--ignore-not-found", "--", "validatingadmissionpolicy", policy_name});
    if (!theirs) return cannot_tell(theirs.error());
    if (at(*theirs, "spec").isNull())
        return findings.fail(check, std::string(policy) + " is missing", why, apply_it);
    const auto ours = shipped(kubectl);
    if (!ours) return cannot_tell(ours.error());
    if (const auto differs = difference(ours->policy, at(*theirs, "spec"), "spec"))
        return findings.fail(check,
                             std::string(policy) + " is another than this release's: " + *differs,
                             why, apply_it);
    const auto bindings = kubectl.json({"get", "validatingadmissionpolicybindings"});
    if (!bindings) return cannot_tell(bindings.error());
    judge_binding(ours->binding, *bindings, findings);
}

}  // namespace together::ctl
