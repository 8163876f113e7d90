// SPDX-License-Identifier: Apache-2.0
#include "role_server/model/members.h"

#include <map>
#include <vector>

#include "role_server/model/collaborators.h"
#include "role_server/model/invitations.h"
#include "role_server/model/keys.h"

namespace together::roled {
namespace {

template <class Visit, class... Use>
void read(Store& store, const Organization& organization, const std::string& where,
          const Visit& visit, const Use&... use) {
    Member row;
    std::string role;
    Number since = 0;
    std::optional<Number> uid, until, suspended;
    store.each(
        "SELECT m.user_id, u.email, u.login, u.name, i.number, m.role, m.created_at, m.granted_by,"
        " m.until, m.suspended_at FROM members m JOIN users u ON u.id = m.user_id"
        " LEFT JOIN posix_ids i ON i.organization_id = m.organization_id AND i.kind = 'user'"
        " AND i.holder_id = m.user_id WHERE m.organization_id = :organization" +
            where,
        [&] {
            row.uid = uid;
            row.role = role_named(role).value_or(Role::member);
            row.owner = row.user_id == organization.owner_id;
            row.since = since;
            row.until = until;
            row.suspended_at = suspended;
            visit(row);
        },
        soci::into(row.user_id), soci::into(row.email), soci::into(row.login), soci::into(row.name),
        soci::into(uid), soci::into(role), soci::into(since), soci::into(row.granted_by),
        soci::into(until), soci::into(suspended), soci::use(organization.id), use...);
}

Outcome<void> refuse_owner(const Member& member, const char* what) {
    if (!member.owner) return {};
    return conflict("owner", std::string("The Owner of the organization ") + what +
                                 "; ownership is moved by the operator: together-roled owner "
                                 "--set.");
}

// An Admin of the organization is the Admin of each project that they are in, and a Member again
// where nobody promoted them.
void rosters_with_another_role(Change& change, const Organization& organization,
                               const std::string& user_id) {
    std::string project_id, stored_role;
    change.store().each(
        "SELECT project_id, stored_role FROM effective_roles WHERE user_id = :user"
        " AND organization_id = :organization",
        [&] {
            if (stored_role != "admin") change.roster_changed(project_id);
            change.access_changed(project_id, user_id);
        },
        soci::into(project_id), soci::into(stored_role), soci::use(user_id),
        soci::use(organization.id));
}

// When their role in each project ends by itself.
std::map<std::string, std::optional<Number>> ends_of(Store& store, const Organization& organization,
                                                     const std::string& user_id) {
    std::map<std::string, std::optional<Number>> ends;
    std::string project_id;
    std::optional<Number> until;
    store.each(
        "SELECT project_id, until FROM effective_roles WHERE user_id = :user"
        " AND organization_id = :organization",
        [&] { ends[project_id] = until; }, soci::into(project_id), soci::into(until),
        soci::use(user_id), soci::use(organization.id));
    return ends;
}

std::vector<std::string> projects_of(Store& store, const std::string& organization_id,
                                     const std::string& user_id) {
    std::vector<std::string> projects;
    std::string id;
    store.each(
        "SELECT c.project_id FROM collaborators c JOIN projects p ON p.id = c.project_id"
        " WHERE c.user_id = :user AND p.organization_id = :organization",
        [&] { projects.push_back(id); }, soci::into(id), soci::use(user_id),
        soci::use(organization_id));
    return projects;
}

void note_keys_that_remain(Change& change, const Organization& organization,
                           const std::string& user_id) {
    std::string id;
    change.store().each(
        "SELECT k.id FROM api_keys k JOIN projects p ON p.id = k.project_id"
        " WHERE k.created_by = :user AND p.organization_id = :organization"
        " AND k.revoked_at IS NULL AND p.deleted_at IS NULL",
        [&] { change.consequences().remaining_keys.insert(id); }, soci::into(id),
        soci::use(user_id), soci::use(organization.id));
}

bool is_suspended_somewhere(Store& store, const std::string& user_id) {
    std::string found;
    return store.run(
        "SELECT organization_id FROM members WHERE user_id = :user"
        " AND suspended_at IS NOT NULL LIMIT 1",
        soci::into(found), soci::use(user_id));
}

bool has_a_role(Store& store, const std::string& user_id, std::int64_t now) {
    const Number time = now;
    std::string found;
    return store.run(
               "SELECT organization_id FROM members WHERE user_id = :user"
               " AND suspended_at IS NULL AND (until IS NULL OR until > :now) LIMIT 1",
               soci::into(found), soci::use(user_id), soci::use(time)) ||
           store.run(
               "SELECT project_id FROM effective_roles WHERE user_id = :user"
               " AND (until IS NULL OR until > :now) LIMIT 1",
               soci::into(found), soci::use(user_id), soci::use(time));
}

void leave(Change& change, const Organization& organization, const std::string& user_id) {
    auto& store = change.store();
    change.rosters_with(user_id, organization.id);
    for (const auto& project_id : projects_of(store, organization.id, user_id))
        delete_collaborator(change, project_id, user_id);
    store.run("DELETE FROM members WHERE organization_id = :organization AND user_id = :user",
              soci::use(organization.id), soci::use(user_id));
    revoke_invitations_lost(change, organization.id, user_id);
    note_keys_that_remain(change, organization, user_id);
}

}  // namespace

void for_each_member(Store& store, const Organization& organization, const std::string& after,
                     std::size_t limit, const std::function<void(const Member&)>& visit) {
    const Number most = static_cast<Number>(limit);
    read(store, organization, " AND m.user_id > :after ORDER BY m.user_id LIMIT :most", visit,
         soci::use(after), soci::use(most));
}

void for_each_membership(Store& store, const std::string& user_id, std::int64_t now,
                         const std::string& after, std::size_t limit,
                         const std::function<void(const Membership&)>& visit) {
    const Number time = now, most = static_cast<Number>(limit);
    Membership row;
    std::string role;
    store.each(
        "SELECT o.id, o.name, m.role FROM members m JOIN organizations o ON o.id ="
        " m.organization_id WHERE m.user_id = :user AND m.suspended_at IS NULL"
        " AND (m.until IS NULL OR m.until > :now) AND o.id > :after ORDER BY o.id LIMIT :most",
        [&] {
            row.role = role_named(role).value_or(Role::member);
            visit(row);
        },
        soci::into(row.organization_id), soci::into(row.name), soci::into(role), soci::use(user_id),
        soci::use(time), soci::use(after), soci::use(most));
}

std::optional<Member> find_member(Store& store, const Organization& organization,
                                  const std::string& user_id) {
    std::optional<Member> found;
    read(
        store, organization, " AND m.user_id = :user",
        [&](const Member& member) { found = member; }, soci::use(user_id));
    return found;
}

Outcome<void> add_member(Change& change, const Organization& organization, const User& user,
                         Role role, std::optional<std::int64_t> until,
                         const std::string& granted_by) {
    auto& store = change.store();
    if (find_member(store, organization, user.id))
        return conflict("already_member", "This user is a member of the organization already.");
    if (auto may = require_login_not_kept(store, organization.id, user); !may) return may;
    const std::string name(name_of(role));
    const Number now = change.now();
    const std::optional<Number> end = until;
    const auto granter = change.granter(granted_by);
    store.run(
        "INSERT INTO members (organization_id, user_id, role, created_at, granted_by, until)"
        " VALUES (:organization, :user, :role, :now, :granter, :until)",
        soci::use(organization.id), soci::use(user.id), soci::use(name), soci::use(now),
        soci::use(granter), soci::use(end));
    // May have been there as an external collaborator, for some time.
    if (is_listed(store, organization.default_project_id, user.id))
        store.run(
            "UPDATE collaborators SET until = NULL WHERE project_id = :project"
            " AND user_id = :user",
            soci::use(organization.default_project_id), soci::use(user.id));
    else
        insert_collaborator(change, organization.default_project_id, user.id, Role::member);
    change.rosters_with(user.id, organization.id);
    return give_uid_if_wanted(change, organization, user.id);
}

Outcome<void> set_member_role(Change& change, const Organization& organization,
                              const Member& member, Role role) {
    if (member.role == role) return {};
    if (auto is_not = refuse_owner(member, "is always an Admin"); !is_not) return is_not;
    const std::string name(name_of(role));
    const auto granter = change.granter();
    change.store().run(
        "UPDATE members SET role = :role, granted_by = :granter"
        " WHERE organization_id = :organization AND user_id = :user",
        soci::use(name), soci::use(granter), soci::use(organization.id), soci::use(member.user_id));
    rosters_with_another_role(change, organization, member.user_id);
    if (role == Role::member) revoke_invitations_lost(change, organization.id, member.user_id);
    return {};
}

Outcome<void> set_suspended(Change& change, const Organization& organization, const Member& member,
                            bool suspended) {
    if (member.suspended_at.has_value() == suspended) return {};
    if (auto is_not = refuse_owner(member, "cannot be suspended"); !is_not) return is_not;
    if (suspended) change.rosters_with(member.user_id, organization.id);
    const auto at = suspended ? std::optional<Number>(change.now()) : std::nullopt;
    change.store().run(
        "UPDATE members SET suspended_at = :at"
        " WHERE organization_id = :organization AND user_id = :user",
        soci::use(at), soci::use(organization.id), soci::use(member.user_id));
    if (suspended)
        revoke_invitations_lost(change, organization.id, member.user_id);
    else
        change.rosters_with(member.user_id, organization.id);
    return {};
}

Outcome<void> set_member_until(Change& change, const Organization& organization,
                               const Member& member, std::optional<std::int64_t> until) {
    if (member.until == until) return {};
    if (auto is_not = refuse_owner(member, "is a member without an end"); !is_not) return is_not;
    if (auto may = require_not_own_end(change, organization, member.user_id, member.until, until);
        !may)
        return may;
    const std::optional<Number> end = until;
    const auto before = ends_of(change.store(), organization, member.user_id);
    change.store().run(
        "UPDATE members SET until = :until"
        " WHERE organization_id = :organization AND user_id = :user",
        soci::use(end), soci::use(organization.id), soci::use(member.user_id));
    for (const auto& [project_id, ends] : ends_of(change.store(), organization, member.user_id))
        if (before.at(project_id) != ends) change.role_changed(project_id, member.user_id);
    return {};
}

Outcome<void> remove_member(Change& change, const Organization& organization,
                            const Member& member) {
    if (auto is_not = refuse_owner(member, "cannot be removed"); !is_not) return is_not;
    leave(change, organization, member.user_id);
    revoke_keys_of_nobody(change, member.user_id);
    return {};
}

Outcome<void> leave_organization(Change& change, const Organization& organization,
                                 const Member& member) {
    if (member.suspended_at)
        return conflict("suspended",
                        "Your membership is suspended: an Admin of the organization can end that, "
                        "or remove you.");
    return remove_member(change, organization, member);
}

Outcome<void> require_not_suspended(Store& store, const std::string& user_id) {
    if (!is_suspended_somewhere(store, user_id)) return {};
    return conflict("suspended",
                    "Your membership of an organization is suspended: ask an Admin there to end "
                    "that or to remove you, then try again.");
}

Outcome<void> require_some_role(Store& store, const std::string& user_id, std::int64_t now) {
    if (!is_suspended_somewhere(store, user_id) || has_a_role(store, user_id, now)) return {};
    return conflict("suspended",
                    "Your membership is suspended: no token and no key can be added until an Admin "
                    "of the organization ends that.");
}

bool is_home(Store& store, const Organization& organization, const std::string& user_id) {
    std::string first;
    store.run(
        "SELECT organization_id FROM members WHERE user_id = :user"
        " ORDER BY created_at, organization_id LIMIT 1",
        soci::into(first), soci::use(user_id));
    return first == organization.id;
}

void leave_everything(Change& change, const std::string& user_id) {
    auto& store = change.store();
    for (const auto& id : organizations_of(store, user_id))
        if (const auto organization = find_organization(store, id))
            leave(change, *organization, user_id);
}

Outcome<void> give_uid_if_wanted(Change& change, const Organization& organization,
                                 const std::string& user_id) {
    if (!organization.allocate_uids) return {};
    auto& store = change.store();
    if (posix_id(store, organization.id, IdKind::user, user_id)) return {};
    const auto given = allocate_posix_id(store, organization.id, IdKind::user, user_id);
    if (!given) return tl::unexpected(given.error());
    change.rosters_with(user_id, organization.id);
    return {};
}

}  // namespace together::roled
