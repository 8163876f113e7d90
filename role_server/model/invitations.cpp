// SPDX-License-Identifier: Apache-2.0
#include "role_server/model/invitations.h"

#include <vector>

#include "role_server/access/role_lookup.h"
#include "role_server/base/crypto.h"
#include "role_server/messages/json.h"
#include "role_server/model/collaborators.h"
#include "role_server/model/members.h"
#include "role_server/model/organizations.h"

namespace together::roled {
namespace {

constexpr std::int64_t seven_days = std::int64_t{7} * 24 * 3600;
constexpr Number max_open = 1000;
// Of one who is no Admin of the organization: one project must not use up what is for all.
constexpr Number max_open_of_one = 100;

struct Stored {
    Invitation invitation;
    std::string secret_hash;
    bool open = false;
};

template <class Visit, class... Use>
void read(Store& store, std::int64_t now, const std::string& where, const Visit& visit,
          const Use&... use) {
    Stored row;
    auto& one = row.invitation;
    std::string role;
    Number created = 0, expires = 0;
    std::optional<Number> until, used, revoked;
    store.each(
        "SELECT id, organization_id, project_id, email, login, role, secret_hash, created_by,"
        " created_at, expires_at, until, used_at, revoked_at FROM invitations WHERE " +
            where,
        [&] {
            one.role = role_named(role).value_or(Role::member);
            one.created_at = created;
            one.expires_at = expires;
            one.until = until;
            row.open = !used && !revoked && expires > now && (!until || *until > now);
            visit(row);
        },
        soci::into(one.id), soci::into(one.organization_id), soci::into(one.project_id),
        soci::into(one.email), soci::into(one.login), soci::into(role), soci::into(row.secret_hash),
        soci::into(one.created_by), soci::into(created), soci::into(expires), soci::into(until),
        soci::into(used), soci::into(revoked), use...);
}

constexpr const char* still_open =
    " AND used_at IS NULL AND revoked_at IS NULL"
    " AND CASE WHEN until < expires_at THEN until ELSE expires_at END > :now";

bool may_still_invite(Store& store, const Invitation& invitation, std::int64_t now) {
    const auto standing =
        standing_of(store, invitation.organization_id, invitation.project_id.value_or(""),
                    invitation.created_by, now);
    const auto action = invitation.project_id ? Action::collaborators_add : Action::members_invite;
    return allowed_person(action, standing).verdict == Authorization::Verdict::allowed;
}

Json::Value for_the_trail(const Invitation& one) {
    Json::Value value;
    value["project_id"] = json_or_null(one.project_id);
    value["email"] = json_or_null(one.email);
    value["login"] = json_or_null(one.login);
    value["role"] = std::string(name_of(one.role));
    value["created_by"] = one.created_by;
    return value;
}

Outcome<void> require_room(Store& store, const Invitation& wanted, Number now) {
    Number all = 0, own = 0;
    store.run(
        "SELECT COUNT(*), COALESCE(SUM(CASE WHEN created_by = :user THEN 1 ELSE 0 END), 0)"
        " FROM invitations WHERE organization_id = :organization" +
            std::string(still_open),
        soci::into(all), soci::into(own), soci::use(wanted.created_by),
        soci::use(wanted.organization_id), soci::use(now));
    if (all >= max_open)
        return conflict("too_many_invitations",
                        "1,000 invitations of the organization are open: revoke some.");
    if (own < max_open_of_one) return {};
    const auto inviter = standing_of(store, wanted.organization_id, {}, wanted.created_by, now);
    if (inviter.organization_role == Role::admin) return {};
    return conflict("too_many_invitations",
                    "100 of your invitations are open: revoke some, or ask an Admin of the "
                    "organization to invite.");
}

Outcome<void> join_project(Change& change, const Organization& organization,
                           const Invitation& invitation, const User& user) {
    const bool member = find_member(change.store(), organization, user.id).has_value();
    if (!member && !organization.external_collaborators)
        return conflict("no_external_collaborators",
                        "The organization takes no external collaborators any more.");
    return add_to_project(change, organization, *invitation.project_id, user.id, invitation.role,
                          invitation.until, invitation.created_by);
}

}  // namespace

void for_each_invitation(Store& store, const std::string& organization_id,
                         const std::optional<std::string>& project_id, std::int64_t now,
                         const std::string& after, std::size_t limit,
                         const std::function<void(const Invitation&)>& visit) {
    const Number time = now, most = static_cast<Number>(limit);
    const auto project = project_id.value_or("");
    read(
        store, now,
        "organization_id = :organization AND COALESCE(project_id, '') = :project" +
            std::string(still_open) + " AND id > :after ORDER BY id LIMIT :most",
        [&](const Stored& row) { visit(row.invitation); }, soci::use(organization_id),
        soci::use(project), soci::use(time), soci::use(after), soci::use(most));
}

std::optional<Invitation> find_invitation(Store& store, const std::string& organization_id,
                                          const std::optional<std::string>& project_id,
                                          const std::string& invitation_id, std::int64_t now) {
    const Number time = now;
    const auto project = project_id.value_or("");
    std::optional<Invitation> found;
    read(
        store, now,
        "organization_id = :organization AND COALESCE(project_id, '') = :project" +
            std::string(still_open) + " AND id = :id",
        [&](const Stored& row) { found = row.invitation; }, soci::use(organization_id),
        soci::use(project), soci::use(time), soci::use(invitation_id));
    return found;
}

Outcome<NewKey> create_invitation(Change& change, Invitation& wanted) {
    auto& store = change.store();
    const Number now = change.now();
    if (auto room = require_room(store, wanted, now); !room) return tl::unexpected(room.error());
    auto key = mint(KeyKind::invitation);
    wanted.id = key.id;
    wanted.created_at = now;
    wanted.expires_at = now + seven_days;
    const std::string role(name_of(wanted.role));
    const Number expires = wanted.expires_at;
    const std::optional<Number> until = wanted.until;
    store.run(
        "INSERT INTO invitations (id, organization_id, project_id, email, login, role,"
        " secret_hash, created_by, created_at, expires_at, until) VALUES (:id,"
        " :organization, :project, :email, :login, :role, :hash, :creator, :now, :expires,"
        " :until)",
        soci::use(wanted.id), soci::use(wanted.organization_id), soci::use(wanted.project_id),
        soci::use(wanted.email), soci::use(wanted.login), soci::use(role),
        soci::use(key.secret_hash), soci::use(wanted.created_by), soci::use(now),
        soci::use(expires), soci::use(until));
    return key;
}

void revoke_invitation(Change& change, const std::string& invitation_id) {
    const Number now = change.now();
    change.store().run("UPDATE invitations SET revoked_at = :now WHERE id = :id", soci::use(now),
                       soci::use(invitation_id));
    change.consequences().revoked_keys.insert(invitation_id);
}

void revoke_invitations_lost(Change& change, const std::string& organization_id,
                             const std::string& user_id) {
    auto& store = change.store();
    const Number now = change.now();
    std::vector<Invitation> lost;
    read(
        store, now,
        "organization_id = :organization AND created_by = :user" + std::string(still_open),
        [&](const Stored& row) { lost.push_back(row.invitation); }, soci::use(organization_id),
        soci::use(user_id), soci::use(now));
    std::erase_if(lost, [&](const auto& one) { return may_still_invite(store, one, now); });
    for (const auto& one : lost) {
        revoke_invitation(change, one.id);
        change.record(one.id, for_the_trail(one), {}, {organization_id});
    }
}

bool came_by_invitation(Store& store, const User& user) {
    std::string id;
    return store.run(
        "SELECT i.id FROM invitations i JOIN users u ON u.id = i.used_by"
        " WHERE i.used_by = :user AND i.used_at = u.created_at LIMIT 1",
        soci::into(id), soci::use(user.id));
}

Outcome<Invitation> invitation_of(Store& store, const std::string& token, std::int64_t now) {
    const Refusal invalid =
        bad_request("invalid_invitation",
                    "This invitation is not valid: it may be used up, revoked or over.", "token");
    const auto key = read_token(token);
    if (!key || key->kind != KeyKind::invitation) return invalid;
    std::optional<Stored> found;
    read(
        store, now, "id = :id", [&](const Stored& row) { found = row; }, soci::use(key->id));
    // Compared in any case, so that the time taken does not tell which ones exist.
    const auto stored = found ? found->secret_hash : std::string(key->secret_hash.size(), '0');
    if (!equal_in_constant_time(stored, key->secret_hash) || !found || !found->open ||
        !may_still_invite(store, found->invitation, now))
        return invalid;
    return found->invitation;
}

Outcome<void> accept(Change& change, const Invitation& invitation, const User& user) {
    auto& store = change.store();
    const auto organization = find_organization(store, invitation.organization_id);
    if (!organization) return not_found("organization");
    const Number now = change.now();
    store.run("UPDATE invitations SET used_at = :now, used_by = :user WHERE id = :id",
              soci::use(now), soci::use(user.id), soci::use(invitation.id));
    if (invitation.project_id) return join_project(change, *organization, invitation, user);
    return add_member(change, *organization, user, invitation.role, invitation.until,
                      invitation.created_by);
}

}  // namespace together::roled
