// SPDX-License-Identifier: Apache-2.0
#include "role_server/model/members.h"

#include <cstdint>

#include "role_server/api/body.h"
#include "role_server/api/rendering.h"
#include "role_server/api/resources.h"
#include "role_server/model/posix_ids.h"

namespace together::roled {
namespace {

constexpr std::int64_t thirty_days = std::int64_t{30} * 24 * 3600;

Json::Value to_json(const Member& member) {
    Json::Value value;
    value["object"] = "organization.member";
    value["user_id"] = member.user_id;
    value["email"] = member.email;
    value["login"] = json_or_null(member.login);
    value["name"] = json_or_null(member.name);
    value["uid"] = json_or_null(member.uid);
    value["role"] = std::string(name_of(member.role));
    value["owner"] = member.owner;
    value["since"] = json_number(member.since);
    value["granted_by"] = json_or_null(member.granted_by);
    value["until"] = json_or_null(member.until);
    value["suspended"] = member.suspended_at.has_value();
    return value;
}

struct Found {
    Organization organization;
    Member member;
};

Outcome<Found> find(const RequestContext& context) {
    const auto organization = find_organization(context.store, context.ids.organization);
    if (!organization) return not_found("organization");
    const auto member = find_member(context.store, *organization, context.ids.user);
    // Who is over is removed at any moment.
    if (!member || (member->until && *member->until <= context.now)) return not_found("member");
    return Found{*organization, *member};
}

struct Wanted {
    std::optional<Role> role;
    std::optional<std::string> login;
    std::optional<std::int64_t> uid;
    std::optional<std::optional<std::int64_t>> until;
    std::optional<bool> suspended;
};

Outcome<Wanted> wanted_in(const RequestContext& context) {
    Body body(context.request, {"role", "login", "uid", "until", "suspended"});
    Wanted wanted{body.role(), body.text("login"), body.number("uid"),
                  body.future("until", context.now), body.flag("suspended")};
    body.require_something();
    if (body.is_wrong()) return body.refusal();
    return wanted;
}

// A login is one for all organizations. An old one stays reserved: files and processes of that name
// may still be on some node.
Outcome<void> change_login(Change& change, const Found& found, const std::string& login) {
    const auto user = find_user(change.store(), found.member.user_id);
    if (!user) return not_found("member");
    if (user->login == login) return {};
    if (auto may = require_not_the_owners(change, found.organization, user->id, "login"); !may)
        return may;
    if (!is_home(change.store(), found.organization, user->id))
        return conflict("other_organization",
                        "A login is changed by an Admin of the organization that the member joined "
                        "first.",
                        "login");
    if (user->login_changed_at && *user->login_changed_at + thirty_days > change.now())
        return conflict("login_changed_lately",
                        "A login is changed once in 30 days; each one stays reserved for ever.",
                        "login");
    if (auto set = set_login(change, *user, login); !set) return set;
    record_profile_elsewhere(change, *user, found.organization.id);
    return {};
}

Outcome<void> apply(Change& change, const Found& found, const Wanted& wanted) {
    const auto& [organization, member] = found;
    Outcome<void> done;
    if (wanted.login) done = change_login(change, found, *wanted.login);
    if (done && wanted.uid) done = set_uid(change, organization, member.user_id, *wanted.uid);
    if (done && wanted.role) done = set_member_role(change, organization, member, *wanted.role);
    if (done && wanted.until) done = set_member_until(change, organization, member, *wanted.until);
    if (done && wanted.suspended)
        done = set_suspended(change, organization, member, *wanted.suspended);
    return done;
}

Outcome<Response> removal_of(const Member& member, Change& change) {
    Json::Value value;
    value["object"] = "organization.member";
    value["user_id"] = member.user_id;
    value["removed"] = true;
    return with_consequences(std::move(value), change);
}

}  // namespace

Outcome<Response> list_members(RequestContext& context) {
    const auto organization = find_organization(context.store, context.ids.organization);
    if (!organization) return not_found("organization");
    PageOf page(context.page);
    for_each_member(context.store, *organization, context.page.after, page.wanted(),
                    [&](const Member& one) { page.add(to_json(one), one.user_id); });
    return page.answer();
}

Outcome<Response> get_member(RequestContext& context) {
    const auto found = find(context);
    if (!found) return tl::unexpected(found.error());
    return json_response(200, to_json(found->member));
}

Outcome<Response> change_member(RequestContext& context, Change& change) {
    const auto found = find(context);
    if (!found) return tl::unexpected(found.error());
    const auto wanted = wanted_in(context);
    if (!wanted) return tl::unexpected(wanted.error());
    const auto& [organization, member] = *found;
    if (auto applied = apply(change, *found, *wanted); !applied)
        return tl::unexpected(applied.error());
    const auto after = to_json(*find_member(context.store, organization, member.user_id));
    record_change(context, change, organization.id + "/" + member.user_id, to_json(member), after);
    return with_consequences(after, change);
}

Outcome<Response> remove_member_of(RequestContext& context, Change& change) {
    const auto found = find(context);
    if (!found) return tl::unexpected(found.error());
    if (auto removed = remove_member(change, found->organization, found->member); !removed)
        return tl::unexpected(removed.error());
    record_change(context, change, found->organization.id + "/" + found->member.user_id,
                  to_json(found->member), {});
    return removal_of(found->member, change);
}

Outcome<Response> leave_organization(RequestContext& context, Change& change) {
    Body body(context.request, {});
    if (body.is_wrong()) return body.refusal();
    const auto organization = find_organization(context.store, context.ids.organization);
    if (!organization) return not_found("organization");
    const auto member = find_member(context.store, *organization, context.actor.user_id);
    if (!member) return not_found("organization");
    if (auto left = leave_organization(change, *organization, *member); !left)
        return tl::unexpected(left.error());
    record_change(context, change, organization->id + "/" + member->user_id, to_json(*member), {});
    return removal_of(*member, change);
}

}  // namespace together::roled
