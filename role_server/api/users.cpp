// SPDX-License-Identifier: Apache-2.0
// One's own account.
#include "role_server/model/users.h"

#include "role_server/api/body.h"
#include "role_server/api/rendering.h"
#include "role_server/api/resources.h"
#include "role_server/model/projects.h"

namespace together::roled {
namespace {

Json::Value to_json(const User& user) {
    Json::Value value;
    value["object"] = "user";
    value["id"] = user.id;
    value["email"] = user.email;
    value["name"] = json_or_null(user.name);
    value["login"] = json_or_null(user.login);
    return value;
}

Outcome<void> pick_login(Change& change, const User& user, const std::string& login) {
    if (user.login && user.login != login)
        return conflict("login_is_set",
                        "A login is chosen once: ask an Admin of your organization to change it.",
                        "login");
    return set_login(change, user, login);
}

}  // namespace

Json::Value user_in_full(const User& user) {
    return to_json(user);
}

Outcome<Response> get_me(RequestContext& context) {
    const auto user = find_user(context.store, context.actor.user_id);
    if (!user) return not_found("user");
    return json_response(200, to_json(*user));
}

Outcome<Response> change_me(RequestContext& context, Change& change) {
    const auto user = find_user(context.store, context.actor.user_id);
    if (!user) return not_found("user");
    Body body(context.request, {"name", "login"});
    const auto name = body.name();
    const auto login = body.text("login");
    if (body.is_wrong()) return body.refusal();
    if (name) set_name(change, user->id, *name);
    if (login)
        if (auto picked = pick_login(change, *user, *login); !picked)
            return tl::unexpected(picked.error());
    const auto after = to_json(*find_user(context.store, user->id));
    change.record(user->id, to_json(*user), after, organizations_of(context.store, user->id));
    return json_response(200, after);
}

Outcome<Response> delete_me(RequestContext& context, Change& change) {
    const auto user = find_user(context.store, context.actor.user_id);
    if (!user) return not_found("user");
    const auto organizations = organizations_of(context.store, user->id);
    if (auto deleted = delete_user(change, *user); !deleted) return tl::unexpected(deleted.error());
    // Without address and name: those are what is to be forgotten.
    Json::Value before;
    before["login"] = json_or_null(user->login);
    change.record(user->id, before, {}, organizations);
    return no_content();
}

Outcome<Response> list_my_organizations(RequestContext& context) {
    PageOf page(context.page);
    std::string id, name, role;
    const auto most = static_cast<Number>(page.wanted());
    const Number now = context.now;
    context.store.each(
        "SELECT o.id, o.name, m.role FROM members m JOIN organizations o ON o.id ="
        " m.organization_id WHERE m.user_id = :user AND m.suspended_at IS NULL"
        " AND (m.until IS NULL OR m.until > :now) AND o.id > :after ORDER BY o.id LIMIT :most",
        [&] {
            Json::Value value;
            value["object"] = "user.organization";
            value["id"] = id;
            value["name"] = name;
            value["role"] = role;
            page.add(std::move(value), id);
        },
        soci::into(id), soci::into(name), soci::into(role), soci::use(context.actor.user_id),
        soci::use(now), soci::use(context.page.after), soci::use(most));
    return page.answer();
}

Outcome<Response> list_my_projects(RequestContext& context) {
    PageOf page(context.page);
    std::string id, organization_id, name, role;
    const auto most = static_cast<Number>(page.wanted());
    const Number now = context.now;
    context.store.each(
        "SELECT p.id, p.organization_id, p.name, r.role FROM effective_roles r JOIN projects p"
        " ON p.id = r.project_id WHERE r.user_id = :user AND (r.until IS NULL OR r.until > :now)"
        " AND p.id > :after ORDER BY p.id LIMIT :most",
        [&] {
            Json::Value value;
            value["object"] = "user.project";
            value["id"] = id;
            value["organization_id"] = organization_id;
            value["name"] = name;
            value["role"] = role;
            page.add(std::move(value), id);
        },
        soci::into(id), soci::into(organization_id), soci::into(name), soci::into(role),
        soci::use(context.actor.user_id), soci::use(now), soci::use(context.page.after),
        soci::use(most));
    return page.answer();
}

}  // namespace together::roled
