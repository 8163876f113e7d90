// SPDX-License-Identifier: Apache-2.0
#include "role_server/model/collaborators.h"

#include <cstdint>

#include "common/roles/identifiers.h"
#include "role_server/api/body.h"
#include "role_server/api/question.h"
#include "role_server/api/rendering.h"
#include "role_server/api/resources.h"
#include "role_server/model/invitations.h"
#include "role_server/model/members.h"
#include "role_server/model/organizations.h"
#include "role_server/model/posix_ids.h"
#include "role_server/model/users.h"

namespace together::roled {
namespace {

std::string target_of(const RequestContext& context, const std::string& user_id) {
    return context.ids.project + "/" + user_id;
}

// Who is over comes back by being added, not by a change: nodes may know already.
std::optional<Collaborator> find(const RequestContext& context) {
    auto one = find_collaborator(context.store, context.ids.project, context.ids.user);
    return one && one->until && *one->until <= context.now ? std::nullopt : one;
}

// With the role that counts again when somebody is an Admin of the organization no longer, and the
// end that counts when their membership has none before: a change of that alone is one too.
Json::Value for_the_trail(const Collaborator& one) {
    auto value = to_json(one);
    value["stored_role"] = std::string(name_of(one.stored_role));
    value["stored_until"] = json_or_null(one.stored_until);
    return value;
}

// What the body says of somebody who is to be added.
struct Wanted {
    std::optional<std::string> user_id, email, login;
    Role role = Role::member;
    std::optional<std::int64_t> uid, until;
};

Outcome<Wanted> wanted_in(const RequestContext& context) {
    Body body(context.request, {"user_id", "email", "login", "role", "uid", "until"});
    Wanted wanted{body.text("user_id"), body.text("email"),
                  body.text("login"),   body.role().value_or(Role::member),
                  body.number("uid"),   body.future("until", context.now).value_or(std::nullopt)};
    const int named = static_cast<int>(wanted.user_id.has_value()) +
                      static_cast<int>(wanted.email.has_value()) +
                      static_cast<int>(wanted.login.has_value());
    if (named == 0)
        body.refuse(
            bad_request("missing_field", "Name the user by user_id, email or login.", "user_id"));
    if (named > 1)
        body.refuse(bad_request("ambiguous_user", "Name the user by one of user_id, email, login.",
                                wanted.login ? "login" : "email"));
    if (body.is_wrong()) return body.refusal();
    return wanted;
}

std::optional<User> user_named(Store& store, const Wanted& wanted) {
    if (wanted.user_id) return find_user(store, *wanted.user_id);
    return wanted.email ? find_user_by_email(store, *wanted.email)
                        : find_user_by_login(store, *wanted.login);
}

// A uid is the organization's: its Admins set it, whoever runs the project.
Outcome<void> require_may_set_uid(const RequestContext& context) {
    const auto& standing = context.target.standing;
    const auto decision = allowed_person(Action::members_manage_roles, standing);
    if (decision.verdict == Authorization::Verdict::allowed) return {};
    return denial_of(
        context,
        {Authorization::Verdict::denied, "A uid is set by an Admin of the organization.",
         roles_that_may(Action::members_manage_roles)},
        Level::organization);
}

Outcome<void> apply_uid(const RequestContext& context, Change& change, const std::string& user_id,
                        std::int64_t uid) {
    if (auto may = require_may_set_uid(context); !may) return may;
    const auto organization = find_organization(context.store, context.target.organization_id);
    if (!organization) return not_found("organization");
    return set_uid(change, *organization, user_id, uid);
}

Outcome<Response> add(RequestContext& context, Change& change, const Wanted& wanted,
                      const User& user) {
    auto& store = context.store;
    const auto organization = find_organization(store, context.target.organization_id);
    if (!organization) return not_found("organization");
    // First the one that is asked for: else another would be allocated.
    if (wanted.uid)
        if (auto set = apply_uid(context, change, user.id, *wanted.uid); !set)
            return tl::unexpected(set.error());
    if (auto added = add_to_project(change, *organization, context.ids.project, user.id,
                                    wanted.role, wanted.until);
        !added)
        return tl::unexpected(added.error());
    const auto one = *find_collaborator(store, context.ids.project, user.id);
    record_change(context, change, target_of(context, user.id), {}, for_the_trail(one));
    return made_at(path_below(context, user.id), to_json(one));
}

// Who is no member has to consent, and whether they exist is not told: an invitation.
Outcome<Response> invite(RequestContext& context, Change& change, const Wanted& wanted) {
    if (wanted.uid)
        return bad_request("uid_of_invited", "A uid is set once the person has joined.", "uid");
    if (wanted.login && !is_login(*wanted.login))
        return bad_request("invalid_login", "That is no login.", "login");
    Invitation invitation;
    invitation.organization_id = context.target.organization_id;
    invitation.project_id = context.ids.project;
    invitation.email = wanted.email;
    invitation.login = wanted.login;
    invitation.role = wanted.role;
    invitation.until = wanted.until;
    return answer_with_invitation(context, change, invitation, 202);
}

Outcome<Response> last_word(const RequestContext& context, Change& change,
                            const Collaborator& before) {
    const auto after = find_collaborator(context.store, context.ids.project, before.user_id);
    if (!after) return not_found("collaborator");
    record_change(context, change, target_of(context, before.user_id), for_the_trail(before),
                  for_the_trail(*after));
    return json_response(200, to_json(*after));
}

}  // namespace

Json::Value to_json(const Collaborator& one) {
    Json::Value value;
    value["object"] = "project.collaborator";
    value["user_id"] = one.user_id;
    value["login"] = json_or_null(one.login);
    value["uid"] = json_or_null(one.uid);
    value["role"] = std::string(name_of(one.role));
    value["external"] = one.external();
    value["source"] = std::string(word_for(one.source));
    value["since"] = json_number(one.since);
    value["granted_by"] = json_or_null(one.granted_by);
    value["until"] = json_or_null(one.until);
    return value;
}

Outcome<Response> get_collaborator(RequestContext& context) {
    const auto one = find(context);
    if (!one) return not_found("collaborator");
    return json_response(200, to_json(*one));
}

Outcome<Response> add_collaborator(RequestContext& context, Change& change) {
    const auto wanted = wanted_in(context);
    if (!wanted) return tl::unexpected(wanted.error());
    const auto user = user_named(context.store, *wanted);
    const auto organization = find_organization(context.store, context.target.organization_id);
    if (!organization) return not_found("organization");
    // Who is suspended too.
    const bool member = user && find_member(context.store, *organization, user->id);
    // Who the members are is known to members alone.
    const bool may_know = wanted->user_id || context.target.standing.organization_role;
    if (member && may_know) return add(context, change, *wanted, *user);
    if (!organization->external_collaborators) return not_found("user in this organization");
    if (!wanted->user_id) return invite(context, change, *wanted);
    // Only they can have told their id: that is their consent.
    if (!user) return not_found("user in this organization");
    return add(context, change, *wanted, *user);
}

Outcome<Response> change_collaborator(RequestContext& context, Change& change) {
    const auto one = find(context);
    if (!one) return not_found("collaborator");
    Body body(context.request, {"role", "uid", "until"});
    const auto role = body.role();
    const auto uid = body.number("uid");
    const auto until = body.future("until", context.now);
    body.require_something();
    if (body.is_wrong()) return body.refusal();
    // "Demoted" would be untrue.
    if (role == Role::member && one->source == RoleSource::organization_admin)
        return conflict("organization_admin",
                        "An Admin of the organization is Admin of each project they are in.",
                        "role");
    if (role) {
        set_collaborator_role(change, context.ids.project, *one, *role);
        change.refuse_without_admin(context.ids.project);
    }
    if (until)
        if (auto set = set_collaborator_until(change, context.ids.project, *one, *until); !set)
            return tl::unexpected(set.error());
    if (uid)
        if (auto set = apply_uid(context, change, one->user_id, *uid); !set)
            return tl::unexpected(set.error());
    return last_word(context, change, *one);
}

Outcome<Response> take_out_of_project(RequestContext& context, Change& change,
                                      const std::string& user_id) {
    const auto one = find_collaborator(context.store, context.ids.project, user_id);
    if (!is_listed(context.store, context.ids.project, user_id)) return not_found("collaborator");
    if (auto may = require_may_leave(context.store, context.ids.project, user_id); !may)
        return tl::unexpected(may.error());
    delete_collaborator(change, context.ids.project, user_id);
    change.refuse_without_admin(context.ids.project);
    revoke_keys_of_nobody(change, user_id);
    record_change(context, change, target_of(context, user_id),
                  one ? for_the_trail(*one) : Json::Value("suspended"), {});
    return no_content();
}

Outcome<Response> remove_collaborator(RequestContext& context, Change& change) {
    return take_out_of_project(context, change, context.ids.user);
}

}  // namespace together::roled
