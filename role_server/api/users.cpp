// SPDX-License-Identifier: Apache-2.0
// One's own account.
#include "role_server/model/users.h"

#include "role_server/api/body.h"
#include "role_server/api/rendering.h"
#include "role_server/api/resources.h"
#include "role_server/model/collaborators.h"
#include "role_server/model/members.h"

namespace together::roled {
namespace {

Outcome<void> pick_login(Change& change, const User& user, const std::string& login) {
    if (user.login && user.login != login)
        return conflict("login_is_set",
                        "A login is chosen once: ask an Admin of your organization to change it.",
                        "login");
    return set_login(change, user, login);
}

}  // namespace

Json::Value to_json(const User& user) {
    Json::Value value;
    value["object"] = "user";
    value["id"] = user.id;
    value["email"] = user.email;
    value["name"] = json_or_null(user.name);
    value["login"] = json_or_null(user.login);
    return value;
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
    record_profile(change, *user);
    return json_response(200, to_json(*find_user(context.store, user->id)));
}

Outcome<Response> delete_me(RequestContext& context, Change& change) {
    const auto user = find_user(context.store, context.actor.user_id);
    if (!user) return not_found("user");
    if (auto may = require_not_suspended(context.store, user->id); !may)
        return tl::unexpected(may.error());
    const auto organizations = organizations_of(context.store, user->id);
    if (auto deleted = delete_user(change, *user); !deleted) return tl::unexpected(deleted.error());
    // Without address and name: those are what is to be forgotten.
    Json::Value before;
    before["login"] = json_or_null(user->login);
    change.record(user->id, before, {}, organizations);
    Json::Value value;
    value["object"] = "user";
    value["id"] = user->id;
    value["deleted"] = true;
    return with_consequences(std::move(value), change);
}

Outcome<Response> list_my_organizations(RequestContext& context) {
    PageOf page(context.page);
    for_each_membership(context.store, context.actor.user_id, context.now, context.page.after,
                        page.wanted(), [&](const Membership& one) {
                            Json::Value value;
                            value["object"] = "user.organization";
                            value["id"] = one.organization_id;
                            value["name"] = one.name;
                            value["role"] = std::string(name_of(one.role));
                            page.add(std::move(value), one.organization_id);
                        });
    return page.answer();
}

Outcome<Response> list_my_projects(RequestContext& context) {
    PageOf page(context.page);
    for_each_collaboration(context.store, context.actor.user_id, context.now, context.page.after,
                           page.wanted(), [&](const Collaboration& one) {
                               Json::Value value;
                               value["object"] = "user.project";
                               value["id"] = one.project_id;
                               value["organization_id"] = one.organization_id;
                               value["name"] = one.name;
                               value["role"] = std::string(name_of(one.role));
                               page.add(std::move(value), one.project_id);
                           });
    return page.answer();
}

}  // namespace together::roled
