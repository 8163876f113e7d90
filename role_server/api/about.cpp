// SPDX-License-Identifier: Apache-2.0
// What tells about the caller and about the server itself.
#include "common/roles/permissions.h"
#include "role_server/api/rendering.h"
#include "role_server/api/resources.h"

namespace together::roled {
namespace {

std::string_view word_for(Actor::Kind kind) {
    switch (kind) {
        case Actor::Kind::person:
            return "user";
        case Actor::Kind::node:
            return "node_key";
        case Actor::Kind::project_key:
            return "api_key";
    }
    return "";
}

Json::Value to_json(const Permission& row) {
    Json::Value value;
    value["object"] = "permission";
    value["action"] = std::string(row.name);
    value["title"] = std::string(row.title);
    value["level"] = row.level == Level::organization ? "organization" : "project";
    value["admin"] = row.admin;
    value["member"] = row.member;
    return value;
}

}  // namespace

// A node of a load balancer is ready while it can read its database and is not being stopped.
Outcome<Response> get_ready(RequestContext& context) {
    if (context.draining) return other(503, "stopping", "This server is being stopped.");
    Number organizations = 0;
    context.store.run("SELECT COUNT(*) FROM organizations", soci::into(organizations));
    Json::Value value;
    value["status"] = "ready";
    return json_response(200, value);
}

Outcome<Response> get_whoami(RequestContext& context) {
    Json::Value value;
    value["object"] = "whoami";
    value["type"] = std::string(word_for(context.actor.kind));
    value["key_id"] = context.actor.key_id;
    value["user_id"] = json_unless_empty(context.actor.user_id);
    value["project_id"] = json_unless_empty(context.actor.project_id);
    return json_response(200, value);
}

Outcome<Response> get_permissions(RequestContext&) {
    Json::Value data(Json::arrayValue);
    for (const auto& row : permissions()) data.append(to_json(row));
    return json_response(200, list_of(std::move(data), {}));
}

}  // namespace together::roled
