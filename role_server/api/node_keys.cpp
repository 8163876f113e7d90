// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <utility>

#include "role_server/api/resources.h"
#include "role_server/base/validation.h"
#include "role_server/messages/json.h"
#include "role_server/model/keys.h"

namespace together::roled {
namespace {

Json::Value or_null(const std::optional<std::int64_t>& value) {
    return value ? Json::Value(static_cast<Json::Int64>(*value)) : Json::Value();
}

Json::Value to_json(const ProjectKey& key, const std::string& project_id) {
    Json::Value value;
    value["object"] = "project.node_key";
    value["id"] = key.id;
    value["project_id"] = project_id;
    value["name"] = key.name;
    value["created_by"] = key.created_by;
    value["created_at"] = static_cast<Json::Int64>(key.created_at);
    value["expires_at"] = or_null(key.expires_at);
    value["last_used_at"] = or_null(key.last_used_at);
    return value;
}

Outcome<ProjectKey> wanted_key(const RequestContext& context) {
    const auto body = body_of(context.request, {"name", "expires_at"});
    if (!body) return tl::unexpected(body.error());
    auto name = required_text(*body, "name");
    if (name) name = checked_name(*name, "name");
    if (!name) return tl::unexpected(name.error());
    const auto expires = number_field(*body, "expires_at");
    if (!expires) return tl::unexpected(expires.error());
    if (*expires && **expires <= context.now)
        return bad_request("invalid_expiry", "'expires_at' must lie in the future.", "expires_at");
    return ProjectKey{{}, *name, context.actor.user_id, context.now, *expires, {}};
}

}  // namespace

Outcome<Response> list_node_keys(RequestContext& context) {
    const auto page = page_of(context.uri);
    if (!page) return tl::unexpected(page.error());
    Json::Value data(Json::arrayValue);
    std::optional<std::string> next;
    for_each_node_key(context.store, context.ids.project, page->after, page->limit + 1,
                      [&](const ProjectKey& key) {
                          if (data.size() < page->limit) {
                              data.append(to_json(key, context.ids.project));
                          } else {
                              next = data[data.size() - 1]["id"].asString();
                          }
                      });
    return json_response(200, list_of(std::move(data), next));
}

Outcome<Response> get_node_key(RequestContext& context) {
    const auto key = find_node_key(context.store, context.ids.project, context.ids.key);
    if (!key) return not_found("node key");
    return json_response(200, to_json(*key, context.ids.project));
}

Outcome<Response> add_node_key(RequestContext& context) {
    auto key = wanted_key(context);
    if (!key) return tl::unexpected(key.error());
    const auto made = create_node_key(context.store, context.ids.project, *key);
    key->id = made.id;
    auto value = to_json(*key, context.ids.project);
    record_change(context, made.id, {}, value);
    value["token"] = made.token;  // this once; never in the audit trail
    return json_response(201, value);
}

Outcome<Response> remove_node_key(RequestContext& context) {
    const auto key = find_node_key(context.store, context.ids.project, context.ids.key);
    if (!key) return not_found("node key");
    revoke_key(context.store, key->id);
    record_change(context, key->id, to_json(*key, context.ids.project), {});
    Response response;
    response.status = 204;
    return response;
}

}  // namespace together::roled
