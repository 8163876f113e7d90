// SPDX-License-Identifier: Apache-2.0
// Tokens of a person, API keys of a project, keys of its nodes.
#include "role_server/model/keys.h"

#include <cstdint>

#include "role_server/access/role_lookup.h"
#include "role_server/access/scopes.h"
#include "role_server/api/body.h"
#include "role_server/api/preconditions.h"
#include "role_server/api/rendering.h"
#include "role_server/api/resources.h"
#include "role_server/model/members.h"
#include "role_server/model/users.h"

namespace together::roled {
namespace {

constexpr std::int64_t day = std::int64_t{24} * 3600;

const char* object_name(KeyKind kind) {
    switch (kind) {
        case KeyKind::user:
            return "user.token";
        case KeyKind::project:
            return "project.api_key";
        case KeyKind::node:
        case KeyKind::invitation:
            break;
    }
    return "project.node_key";
}

Json::Value to_json(const Key& key, const KeyOwner& owner) {
    Json::Value value;
    value["object"] = object_name(owner.kind);
    value["id"] = key.id;
    if (owner.kind == KeyKind::user)
        value["audience"] = json_or_null(key.audience_id);
    else
        value["project_id"] = owner.id;
    if (owner.kind == KeyKind::project)
        value["scopes"] = json_list(Scopes::stored(key.scopes.value_or("")).names());
    value["name"] = key.name;
    value["created_by"] = key.created_by;
    value["created_at"] = json_number(key.created_at);
    value["expires_at"] = json_or_null(key.expires_at);
    value["last_used_at"] = json_or_null(key.last_used_at);
    return value;
}

KeyOwner owner_of(const RequestContext& context, KeyKind kind) {
    return {kind, kind == KeyKind::user ? context.actor.user_id : context.ids.project};
}

void record(const RequestContext& context, Change& change, const KeyOwner& owner,
            const std::string& key_id, const Json::Value& before, const Json::Value& after) {
    if (owner.kind != KeyKind::user) return record_change(context, change, key_id, before, after);
    change.record(key_id, before, after, organizations_of(context.store, context.actor.user_id));
}

Outcome<Response> list(RequestContext& context, KeyKind kind) {
    const auto owner = owner_of(context, kind);
    PageOf page(context.page);
    for_each_key(context.store, owner, context.now, context.page.after, page.wanted(),
                 [&](const Key& key) { page.add(to_json(key, owner), key.id); });
    return page.answer();
}

Outcome<Response> get(RequestContext& context, KeyKind kind) {
    const auto owner = owner_of(context, kind);
    const auto key = find_key(context.store, owner, context.ids.key, context.now);
    if (!key) return not_found("key");
    auto value = to_json(*key, owner);
    auto response = json_response(200, value);
    // That it was used is no change of it: If-Match would fail for whoever reads it with itself.
    value.removeMember("last_used_at");
    response.headers.emplace_back("ETag", etag_of(to_text(value)));
    return response;
}

Outcome<Response> make(RequestContext& context, Change& change, KeyKind kind, Key wanted) {
    const auto owner = owner_of(context, kind);
    wanted.created_by =
        context.actor.user_id.empty() ? context.actor.key_id : context.actor.user_id;
    const auto key = create_key(change, owner, wanted);
    if (!key) return tl::unexpected(key.error());
    auto value = to_json(*find_key(context.store, owner, key->id, context.now), owner);
    record(context, change, owner, key->id, {}, value);
    value["token"] = key->token;
    return made_at(path_below(context, key->id), value);
}

Outcome<Response> remove(RequestContext& context, Change& change, KeyKind kind) {
    const auto owner = owner_of(context, kind);
    const auto key = find_key(context.store, owner, context.ids.key, context.now);
    if (!key) return not_found("key");
    revoke_key(change, key->id);
    record(context, change, owner, key->id, to_json(*key, owner), {});
    return no_content();
}

// A token for a project's cluster goes to whoever runs that cluster: it opens nothing here, and
// not for long.
Outcome<void> require_audience(const RequestContext& context, Key& wanted) {
    const auto target =
        target_project(context.store, context.actor, *wanted.audience_id, context.now);
    if (!target || !target->standing.project_role)
        return bad_request("invalid_audience", "You are no collaborator of such a project.",
                           "audience");
    if (!wanted.expires_at) wanted.expires_at = context.now + day;
    if (*wanted.expires_at > context.now + day)
        return bad_request("invalid_time", "A token for a project holds for 24 hours at most.",
                           "expires_at");
    return {};
}

}  // namespace

Outcome<Response> list_tokens(RequestContext& context) {
    return list(context, KeyKind::user);
}
Outcome<Response> get_token(RequestContext& context) {
    return get(context, KeyKind::user);
}
Outcome<Response> add_token(RequestContext& context, Change& change) {
    Body body(context.request, {"name", "audience", "expires_at"});
    Key wanted;
    wanted.name = body.required_name();
    wanted.audience_id = body.text("audience");
    wanted.expires_at = body.future("expires_at", context.now).value_or(std::nullopt);
    if (body.is_wrong()) return body.refusal();
    if (auto may = require_some_role(context.store, context.actor.user_id, context.now); !may)
        return tl::unexpected(may.error());
    if (wanted.audience_id)
        if (auto right = require_audience(context, wanted); !right)
            return tl::unexpected(right.error());
    return make(context, change, KeyKind::user, wanted);
}
Outcome<Response> remove_token(RequestContext& context, Change& change) {
    return remove(context, change, KeyKind::user);
}

Outcome<Response> list_api_keys(RequestContext& context) {
    return list(context, KeyKind::project);
}
Outcome<Response> get_api_key(RequestContext& context) {
    return get(context, KeyKind::project);
}
Outcome<Response> add_api_key(RequestContext& context, Change& change) {
    Body body(context.request, {"name", "scopes", "expires_at"});
    Key wanted;
    wanted.name = body.required_name();
    body.require("scopes");
    const auto scopes = Scopes::named(body.texts("scopes").value_or(std::vector<std::string>()));
    if (!scopes || scopes->empty())
        body.refuse(bad_request("invalid_scope",
                                "Name at least one of the scopes " + all_scopes() + ".", "scopes"));
    wanted.expires_at = body.future("expires_at", context.now).value_or(std::nullopt);
    if (body.is_wrong()) return body.refusal();
    wanted.scopes = scopes->to_store();
    return make(context, change, KeyKind::project, wanted);
}
Outcome<Response> remove_api_key(RequestContext& context, Change& change) {
    return remove(context, change, KeyKind::project);
}

Outcome<Response> list_node_keys(RequestContext& context) {
    return list(context, KeyKind::node);
}
Outcome<Response> get_node_key(RequestContext& context) {
    return get(context, KeyKind::node);
}
Outcome<Response> add_node_key(RequestContext& context, Change& change) {
    Body body(context.request, {"name", "expires_at"});
    Key wanted;
    wanted.name = body.required_name();
    wanted.expires_at = body.future("expires_at", context.now).value_or(std::nullopt);
    if (body.is_wrong()) return body.refusal();
    return make(context, change, KeyKind::node, wanted);
}
Outcome<Response> remove_node_key(RequestContext& context, Change& change) {
    return remove(context, change, KeyKind::node);
}

}  // namespace together::roled
