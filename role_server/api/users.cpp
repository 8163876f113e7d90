// SPDX-License-Identifier: Apache-2.0
#include "role_server/model/users.h"

#include <utility>

#include "role_server/api/resources.h"
#include "role_server/base/validation.h"
#include "role_server/messages/json.h"

namespace together::roled {
namespace {

Json::Value or_null(const std::optional<std::string>& value) {
    return value ? Json::Value(*value) : Json::Value();
}

Json::Value to_json(const User& user) {
    Json::Value value;
    value["object"] = "user";
    value["id"] = user.id;
    value["email"] = user.email;
    value["name"] = or_null(user.name);
    value["login"] = or_null(user.login);
    value["uid"] = user.uid ? Json::Value(static_cast<Json::Int64>(*user.uid)) : Json::Value();
    return value;
}

// Rows of id, name and role, as the user's organizations and projects are shown.
Json::Value places(Store& store, const std::string& query, const std::string& user_id) {
    std::string id, name, role;
    Json::Value list(Json::arrayValue);
    soci::statement rows = (store.sql().prepare << query, soci::use(user_id), soci::into(id),
                            soci::into(name), soci::into(role));
    rows.execute();
    while (rows.fetch()) {
        Json::Value place;
        place["id"] = id;
        place["name"] = name;
        place["role"] = role;
        list.append(place);
    }
    return list;
}

constexpr auto organizations_of =
    "SELECT o.id, o.name, m.role FROM members m JOIN organizations o ON o.id = m.organization_id"
    " WHERE m.user_id = :user ORDER BY o.id";
constexpr auto projects_of =
    "SELECT p.id, p.name, CASE WHEN m.role = 'admin' THEN m.role ELSE c.role END FROM "
    "collaborators c"
    " JOIN projects p ON p.id = c.project_id LEFT JOIN members m"
    " ON m.organization_id = p.organization_id AND m.user_id = c.user_id"
    " WHERE c.user_id = :user ORDER BY p.id";

Outcome<void> apply(RequestContext& context, const User& user) {
    const auto body = body_of(context.request, {"name", "login"});
    if (!body) return tl::unexpected(body.error());
    const auto name = text_field(*body, "name");
    if (!name) return tl::unexpected(name.error());
    const auto login = text_field(*body, "login");
    if (!login) return tl::unexpected(login.error());
    if (*name) {
        const auto checked = checked_name(**name, "name");
        if (!checked) return tl::unexpected(checked.error());
        set_name(context.store, user.id, *checked);
    }
    return *login ? set_login(context.store, user, **login) : Outcome<void>();
}

}  // namespace

Outcome<Response> get_me(RequestContext& context) {
    const auto user = find_user(context.store, context.actor.user_id);
    if (!user) return not_found("user");
    auto value = to_json(*user);
    value["organizations"] = places(context.store, organizations_of, user->id);
    value["projects"] = places(context.store, projects_of, user->id);
    return json_response(200, value);
}

Outcome<Response> change_me(RequestContext& context) {
    const auto user = find_user(context.store, context.actor.user_id);
    if (!user) return not_found("user");
    if (auto applied = apply(context, *user); !applied) return tl::unexpected(applied.error());
    const auto after = find_user(context.store, user->id);
    record_change(context, user->id, to_json(*user), to_json(*after));
    return get_me(context);
}

}  // namespace together::roled
