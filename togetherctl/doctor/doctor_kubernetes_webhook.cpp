// SPDX-License-Identifier: Apache-2.0
// Whether the cluster's API server asks together-authorizer, and what it does where that does not
// answer.
#include <json/value.h>
#include <json/writer.h>

#include <optional>

#include "togetherctl/doctor/doctor_kubernetes.h"

namespace together::ctl {
namespace {

using namespace together;

constexpr const char* nobody = "invented-by-togetherctl-doctor";
constexpr const char* asks = "kubernetes_asks";
constexpr const char* on_failure = "kubernetes_failure_policy";
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
// together-authorizer refuses a review without a verb, with 400: to the API server that is one more
// authorizer that does not answer.
constexpr Asked no_request = {"", "", "pods", "default"};

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

void judge_failure_policy(const Result<Json::Value>& status, Findings& findings) {
    const auto not_tried = [&](const std::string& why) {
        findings.tell(on_failure, "could not be tried: " + why);
    };
    if (!status) return not_tried(status.error().message);
    if (at(*status, "denied") != Json::Value(true))
        return findings.fail(
            on_failure,
            "the API server leaves users to RBAC while together-authorizer does not answer",
            "whom RBAC lets in gets in then, on the roster or not",
            "AuthorizationConfiguration: failurePolicy: Deny (docs/kubernetes.md)");
    if (text_at(*status, "evaluationError").empty())
        return not_tried("a review without a verb was answered: " + text_at(*status, "reason"));
    findings.ok(on_failure, "users are denied while together-authorizer does not answer");
}

}  // namespace

void check_webhook(const NodeConfig& config, const Kubectl& kubectl, Findings& findings) {
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
    judge_failure_policy(status_of(kubectl, user, no_request), findings);
}

}  // namespace together::ctl
