// SPDX-License-Identifier: Apache-2.0
#include "role_server/model/collaborators.h"

#include <cstdint>

#include "role_server/access/role_lookup.h"
#include "role_server/api/resources.h"
#include "role_server/messages/json.h"
#include "role_server/model/organizations.h"
#include "role_server/model/project_roster.h"
#include "role_server/model/users.h"

namespace together::roled {
namespace {

Json::Value to_json(const Collaborator& one) {
    Json::Value value;
    value["object"] = "project.collaborator";
    value["user_id"] = one.user_id;
    value["login"] = one.login ? Json::Value(*one.login) : Json::Value();
    value["uid"] = one.uid ? Json::Value(static_cast<Json::Int64>(*one.uid)) : Json::Value();
    value["role"] = std::string(name_of(one.role));
    value["external"] = one.external;
    return value;
}

std::string audit_target(const RequestContext& context, const std::string& user_id) {
    return context.ids.project + "/" + user_id;
}

Outcome<std::optional<Role>> role_field(const Json::Value& body) {
    const auto text = text_field(body, "role");
    if (!text) return tl::unexpected(text.error());
    if (!*text) return std::optional<Role>();
    if (const auto role = role_named(**text)) return role;
    return bad_request("invalid_role", "A role is 'admin' or 'member'.", "role");
}

std::optional<User> find_by(Store& store, const std::string& field, const std::string& value) {
    if (field == "user_id") return find_user(store, value);
    return field == "email" ? find_user_by_email(store, value) : find_user_by_login(store, value);
}

// The user that the body names by exactly one of user_id, email, login.
Outcome<User> user_in(RequestContext& context, const Json::Value& body) {
    std::optional<User> user;
    std::string named;
    for (const auto* field : {"user_id", "email", "login"}) {
        const auto value = text_field(body, field);
        if (!value) return tl::unexpected(value.error());
        if (!*value) continue;
        if (!named.empty())
            return bad_request("ambiguous_user", "Name the user by one of user_id, email, login.",
                               field);
        named = field;
        user = find_by(context.store, field, **value);
    }
    if (named.empty())
        return bad_request("missing_field", "Name the user by user_id, email or login.", "user_id");
    if (!user) return not_found("user in this organization");
    return *user;
}

// Members may be added; others only where the organization has external collaborators. Where it has
// not, whether they exist at all is a secret.
Outcome<void> require_addable(RequestContext& context, const User& user) {
    if (organization_role(context.store, context.target.organization_id, user.id)) return {};
    const auto organization = find_organization(context.store, context.target.organization_id);
    if (organization && organization->external_collaborators) return {};
    return not_found("user in this organization");
}

// An Admin of the organization is Admin here whatever is stored: "demoted" would be untrue.
Outcome<void> change_role(RequestContext& context, const Collaborator& one, Role role) {
    const auto above =
        organization_role(context.store, context.target.organization_id, one.user_id);
    if (role == Role::member && above == Role::admin)
        return conflict("organization_admin",
                        "An Admin of the organization is Admin of each project they are in.",
                        "role");
    store_role(context.store, context.ids.project, one.user_id, role);
    if (one.role != role) raise_revision(context.store, context.ids.project);
    return require_an_admin(context.store, context.ids.project);
}

Outcome<void> change_uid(RequestContext& context, const std::string& user_id, std::int64_t uid) {
    const auto user = find_user(context.store, user_id);
    if (!user) return not_found("user");
    return set_uid(context.store, *user, uid);
}

}  // namespace

Outcome<Response> get_collaborator(RequestContext& context) {
    const auto one = find_collaborator(context.store, context.ids.project, context.ids.user);
    if (!one) return not_found("collaborator");
    return json_response(200, to_json(*one));
}

Outcome<Response> add_collaborator(RequestContext& context) {
    const auto body = body_of(context.request, {"user_id", "email", "login", "role", "uid"});
    if (!body) return tl::unexpected(body.error());
    const auto role = role_field(*body);
    if (!role) return tl::unexpected(role.error());
    const auto uid = number_field(*body, "uid");
    if (!uid) return tl::unexpected(uid.error());
    const auto user = user_in(context, *body);
    if (!user) return tl::unexpected(user.error());
    if (auto addable = require_addable(context, *user); !addable)
        return tl::unexpected(addable.error());
    if (find_collaborator(context.store, context.ids.project, user->id))
        return conflict("already_collaborator", "This user is a collaborator already.");
    insert_collaborator(context.store, context.ids.project, user->id, role->value_or(Role::member));
    raise_revision(context.store, context.ids.project);
    if (*uid)
        if (auto set = set_uid(context.store, *user, **uid); !set)
            return tl::unexpected(set.error());
    const auto one = find_collaborator(context.store, context.ids.project, user->id);
    record_change(context, audit_target(context, user->id), {}, to_json(*one));
    return json_response(201, to_json(*one));
}

Outcome<Response> change_collaborator(RequestContext& context) {
    const auto one = find_collaborator(context.store, context.ids.project, context.ids.user);
    if (!one) return not_found("collaborator");
    const auto body = body_of(context.request, {"role", "uid"});
    if (!body) return tl::unexpected(body.error());
    const auto role = role_field(*body);
    if (!role) return tl::unexpected(role.error());
    const auto uid = number_field(*body, "uid");
    if (!uid) return tl::unexpected(uid.error());
    if (!*role && !*uid) return bad_request("missing_field", "Send 'role', 'uid' or both.", "role");
    if (*role)
        if (auto done = change_role(context, *one, **role); !done)
            return tl::unexpected(done.error());
    if (*uid)
        if (auto done = change_uid(context, one->user_id, **uid); !done)
            return tl::unexpected(done.error());
    const auto after = find_collaborator(context.store, context.ids.project, one->user_id);
    record_change(context, audit_target(context, one->user_id), to_json(*one), to_json(*after));
    return json_response(200, to_json(*after));
}

Outcome<Response> remove_collaborator(RequestContext& context) {
    const auto one = find_collaborator(context.store, context.ids.project, context.ids.user);
    if (!one) return not_found("collaborator");
    delete_collaborator(context.store, context.ids.project, one->user_id);
    raise_revision(context.store, context.ids.project);
    if (auto has = require_an_admin(context.store, context.ids.project); !has)
        return tl::unexpected(has.error());
    record_change(context, audit_target(context, one->user_id), to_json(*one), {});
    Response response;
    response.status = 204;
    return response;
}

}  // namespace together::roled
