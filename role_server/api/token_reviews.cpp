// SPDX-License-Identifier: Apache-2.0
// Kubernetes asks who bears a token: TokenReview of authentication.k8s.io/v1.
#include "role_server/access/role_lookup.h"
#include "role_server/api/body.h"
#include "role_server/api/rendering.h"
#include "role_server/api/resources.h"
#include "role_server/model/users.h"

namespace together::roled {
namespace {

constexpr const char* api_version = "authentication.k8s.io/v1";

Json::Value review() {
    Json::Value value;
    value["apiVersion"] = api_version;
    value["kind"] = "TokenReview";
    value["status"]["authenticated"] = false;
    return value;
}

// Nobody, or the person that the token belongs to, with their groups. Only tokens for the project
// of the key that asks: another one says nothing about who may use this cluster, and one for this
// API should not have come here.
Json::Value user_of(RequestContext& context, const std::string& token) {
    const auto known = authenticate_token(context.store, token, context.now);
    const auto& project = context.actor.project_id;
    if (!known.actor || known.actor->kind != Actor::Kind::person ||
        known.actor->audience_id != project)
        return {};
    const auto target = target_project(context.store, *known.actor, project, context.now);
    if (!target || !target->standing.project_role) return {};
    const auto user = find_user(context.store, known.actor->user_id);
    if (!user || !user->login) return {};
    Json::Value value;
    value["username"] = "together:" + *user->login;
    value["uid"] = user->id;
    value["groups"].append("together:" + project);
    if (target->standing.project_role == Role::admin)
        value["groups"].append("together:" + project + ":admin");
    return value;
}

}  // namespace

Outcome<Response> review_token(RequestContext& context) {
    if (context.actor.kind != Actor::Kind::node)
        return forbidden("Token reviews are asked for with the node key of a project.");
    Body body(context.request, {"apiVersion", "kind", "metadata", "spec", "status"});
    const auto version = body.required_text("apiVersion");
    const auto kind = body.required_text("kind");
    body.require("spec");
    const auto* const spec = body.part("spec");
    if (body.is_wrong()) return body.refusal();
    if (version != api_version || kind != "TokenReview")
        return bad_request("invalid_type", "Send a TokenReview of authentication.k8s.io/v1.",
                           "kind");
    Body inner(*spec, {"token", "audiences"});
    const auto token = inner.required_text("token");
    const auto audiences = inner.texts("audiences");
    if (inner.is_wrong()) return inner.refusal();
    auto value = review();
    const auto user = user_of(context, token);
    if (!user.isNull()) {
        value["status"]["authenticated"] = true;
        value["status"]["user"] = user;
        if (audiences)
            for (const auto& audience : *audiences) value["status"]["audiences"].append(audience);
    }
    return json_response(200, value);
}

}  // namespace together::roled
