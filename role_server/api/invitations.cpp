// SPDX-License-Identifier: Apache-2.0
#include "role_server/model/invitations.h"

#include "role_server/api/body.h"
#include "role_server/api/rendering.h"
#include "role_server/api/resources.h"
#include "role_server/base/crypto.h"
#include "role_server/base/validation.h"
#include "role_server/model/keys.h"
#include "role_server/model/members.h"
#include "role_server/model/organizations.h"

namespace together::roled {
namespace {

Json::Value to_json(const Invitation& invitation) {
    Json::Value value;
    value["object"] = invitation.project_id ? "project.invitation" : "organization.invitation";
    value["id"] = invitation.id;
    value["organization_id"] = invitation.organization_id;
    if (invitation.project_id) value["project_id"] = *invitation.project_id;
    value["email"] = json_or_null(invitation.email);
    if (invitation.project_id) value["login"] = json_or_null(invitation.login);
    value["role"] = std::string(name_of(invitation.role));
    value["created_by"] = invitation.created_by;
    value["created_at"] = json_number(invitation.created_at);
    value["expires_at"] = json_number(invitation.expires_at);
    value["until"] = json_or_null(invitation.until);
    return value;
}

// Of the organization's own invitations, or of those of the project in the path.
std::optional<std::string> project_of(const RequestContext& context) {
    const auto& id = context.ids.project;
    return id.empty() ? std::nullopt : std::optional(id);
}

// What the answer tells of it.
Outcome<Json::Value> accept_as(Change& change, const Invitation& invitation, const User& user) {
    if (auto accepted = accept(change, invitation, user); !accepted)
        return tl::unexpected(accepted.error());
    Json::Value after;
    after["invitation_id"] = invitation.id;
    after["role"] = std::string(name_of(invitation.role));
    after["login"] = json_or_null(user.login);
    const auto place = invitation.project_id.value_or(invitation.organization_id);
    change.record(place + "/" + user.id, {}, after, {invitation.organization_id});
    Json::Value value;
    value["object"] = "invitation.accepted";
    value["organization_id"] = invitation.organization_id;
    value["project_id"] = json_or_null(invitation.project_id);
    value["user"] = to_json(user);
    return value;
}

struct Profile {
    std::string token;
    std::optional<std::string> name, login;
};

Outcome<Profile> profile_in(const RequestContext& context) {
    Body body(context.request, {"token", "name", "login"});
    Profile profile{body.required_text("token"), body.name(), body.text("login")};
    if (body.is_wrong()) return body.refusal();
    return profile;
}

Outcome<User> with_profile(Change& change, const User& user, const Profile& profile) {
    if (profile.name) set_name(change, user.id, *profile.name);
    if (profile.login && !user.login)
        if (auto set = set_login(change, user, *profile.login); !set)
            return tl::unexpected(set.error());
    record_profile_elsewhere(change, user);
    return *find_user(change.store(), user.id);
}

bool is_for(const Invitation& invitation, const User& user) {
    if (invitation.email) return without_case(*invitation.email) == without_case(user.email);
    return user.login && without_case(*invitation.login) == without_case(*user.login);
}

// Whoever has an account proves that it is theirs; the invitation alone does not.
Outcome<Response> accept_with_account(RequestContext& context, Change& change,
                                      const Invitation& invitation, const Profile& profile) {
    auto user = find_user(context.store, context.actor.user_id);
    if (!user || !is_for(invitation, *user))
        return bad_request("invalid_invitation",
                           "This invitation is not for the address or login of this account.",
                           "token");
    const auto known = with_profile(change, *user, profile);
    if (!known) return tl::unexpected(known.error());
    const auto value = accept_as(change, invitation, *known);
    if (!value) return tl::unexpected(value.error());
    return json_response(200, *value);
}

Refusal account_exists() {
    return unauthenticated("account_exists",
                           "This invitation is for somebody who has an account: accept it with a "
                           "token of theirs.");
}

// Nobody may try out whether an address has an account: whatever else is wrong is said first, of
// somebody who stands in for whoever has one.
Outcome<Response> accept_with_new_account(RequestContext& context, Change& change,
                                          const Invitation& invitation, const Profile& profile) {
    if (!invitation.email) return account_exists();
    const bool exists = find_user_by_email(context.store, *invitation.email).has_value();
    const auto user =
        create_user(change, exists ? random_base62(20) + "@stand-in.invalid" : *invitation.email);
    if (!user) return tl::unexpected(user.error());
    const auto known = with_profile(change, *user, profile);
    if (!known) return tl::unexpected(known.error());
    auto value = accept_as(change, invitation, *known);
    if (!value) return tl::unexpected(value.error());
    if (exists) return account_exists();
    Key wanted;
    wanted.name = "first token";
    wanted.created_by = user->id;
    const auto key = create_key(change, {KeyKind::user, user->id}, wanted);
    if (!key) return tl::unexpected(key.error());
    (*value)["token"] = key->token;
    return json_response(201, *value);
}

}  // namespace

Outcome<Response> answer_with_invitation(RequestContext& context, Change& change,
                                         Invitation& invitation, unsigned status) {
    if (invitation.email) {
        const auto checked = checked_email(*invitation.email);
        if (!checked) return tl::unexpected(checked.error());
    }
    invitation.created_by = context.actor.user_id;
    const auto key = create_invitation(change, invitation);
    if (!key) return tl::unexpected(key.error());
    auto value = to_json(invitation);
    record_change(context, change, invitation.id, {}, value);
    value["token"] = key->token;
    const auto& project = invitation.project_id;
    return made_at(
        (project ? "/v1/projects/" + *project : "/v1/organizations/" + invitation.organization_id) +
            "/invitations/" + invitation.id,
        value, status);
}

Outcome<Response> list_invitations(RequestContext& context) {
    PageOf page(context.page);
    for_each_invitation(context.store, context.target.organization_id, project_of(context),
                        context.now, context.page.after, page.wanted(),
                        [&](const Invitation& one) { page.add(to_json(one), one.id); });
    return page.answer();
}

Outcome<Response> get_invitation(RequestContext& context) {
    const auto one = find_invitation(context.store, context.target.organization_id,
                                     project_of(context), context.ids.invitation, context.now);
    if (!one) return not_found("invitation");
    return json_response(200, to_json(*one));
}

Outcome<Response> add_invitation(RequestContext& context, Change& change) {
    Body body(context.request, {"email", "role", "until"});
    Invitation wanted;
    wanted.organization_id = context.ids.organization;
    wanted.email = body.required_text("email");
    wanted.role = body.role().value_or(Role::member);
    wanted.until = body.future("until", context.now).value_or(std::nullopt);
    if (body.is_wrong()) return body.refusal();
    const auto user = find_user_by_email(context.store, *wanted.email);
    const auto organization = find_organization(context.store, wanted.organization_id);
    if (user && organization && find_member(context.store, *organization, user->id))
        return conflict("already_member", "This user is a member of the organization already.",
                        "email");
    return answer_with_invitation(context, change, wanted, 201);
}

Outcome<Response> remove_invitation(RequestContext& context, Change& change) {
    const auto one = find_invitation(context.store, context.target.organization_id,
                                     project_of(context), context.ids.invitation, context.now);
    if (!one) return not_found("invitation");
    revoke_invitation(change, one->id);
    record_change(context, change, one->id, to_json(*one), {});
    return no_content();
}

Outcome<void> require_invitation(RequestContext& context) {
    const auto profile = profile_in(context);
    if (!profile) return tl::unexpected(profile.error());
    if (const auto named = read_token(profile->token)) context.invitation_id = named->id;
    const auto invitation = invitation_of(context.store, profile->token, context.now);
    if (!invitation) return tl::unexpected(invitation.error());
    return {};
}

Outcome<Response> accept_invitation(RequestContext& context, Change& change) {
    const auto profile = profile_in(context);
    if (!profile) return tl::unexpected(profile.error());
    const auto invitation = invitation_of(context.store, profile->token, context.now);
    if (!invitation) return tl::unexpected(invitation.error());
    return context.actor.user_id.empty()
               ? accept_with_new_account(context, change, *invitation, *profile)
               : accept_with_account(context, change, *invitation, *profile);
}

}  // namespace together::roled
