// SPDX-License-Identifier: Apache-2.0
#include "role_server/model/collaborators.h"

#include <algorithm>

#include "role_server/model/invitations.h"
#include "role_server/model/keys.h"
#include "role_server/model/members.h"
#include "role_server/model/posix_ids.h"
#include "role_server/model/projects.h"

namespace together::roled {
namespace {

template <class Visit, class... Use>
void read(Store& store, const std::string& where, const Visit& visit, const Use&... use) {
    Collaborator row;
    CollaboratorColumns columns;
    store.each(
        "SELECT r.user_id, u.login, i.number, r.role, r.stored_role, r.source, r.since,"
        " r.granted_by, r.until FROM effective_roles r JOIN users u ON u.id = r.user_id"
        " LEFT JOIN posix_ids i ON i.organization_id = r.organization_id AND i.kind = 'user'"
        " AND i.holder_id = r.user_id WHERE r.project_id = :project" +
            where,
        [&] {
            columns.put_into(row);
            visit(row);
        },
        soci::into(row.user_id), soci::into(row.login), soci::into(columns.uid),
        soci::into(columns.role), soci::into(columns.stored_role), soci::into(columns.source),
        soci::into(columns.since), soci::into(row.granted_by), soci::into(columns.until), use...);
}

// When they left before it; over or not.
std::optional<Number> kept_end(Store& store, const std::string& project_id,
                               const std::string& user_id) {
    Number until = 0;
    const bool found =
        store.run("SELECT until FROM kept_ends WHERE project_id = :project AND user_id = :user",
                  soci::into(until), soci::use(project_id), soci::use(user_id));
    return found ? std::optional(until) : std::nullopt;
}

void forget_end(Store& store, const std::string& project_id, const std::string& user_id) {
    store.run("DELETE FROM kept_ends WHERE project_id = :project AND user_id = :user",
              soci::use(project_id), soci::use(user_id));
}

void keep_end(Store& store, const std::string& project_id, const std::string& user_id, Number now) {
    forget_end(store, project_id, user_id);
    store.run(
        "INSERT INTO kept_ends (project_id, user_id, until) SELECT project_id, user_id, until"
        " FROM collaborators WHERE project_id = :project AND user_id = :user AND until > :now",
        soci::use(project_id), soci::use(user_id), soci::use(now));
}

// Nobody puts off their own end by leaving and coming back; see require_not_own_end().
std::optional<std::int64_t> end_of_newcomer(Change& change, const Organization& organization,
                                            const std::string& project_id,
                                            const std::string& user_id,
                                            std::optional<std::int64_t> wanted) {
    const auto kept = kept_end(change.store(), project_id, user_id);
    if (!kept || *kept <= change.now() || !change.is_by(user_id) ||
        user_id == organization.owner_id)
        return wanted;
    return std::min<std::int64_t>(wanted.value_or(*kept), *kept);
}

}  // namespace

void CollaboratorColumns::put_into(Collaborator& one) const {
    one.uid = uid;
    // The database checks that they are roles.
    one.role = role_named(role).value_or(Role::member);
    one.stored_role = role_named(stored_role).value_or(Role::member);
    one.source = source_named(source);
    one.since = since;
    one.until = until;
}

void for_each_collaborator(Store& store, const std::string& project_id, std::int64_t now,
                           const std::function<void(const Collaborator&)>& visit) {
    const Number time = now;
    read(store, " AND (r.until IS NULL OR r.until > :now) ORDER BY r.user_id", visit,
         soci::use(project_id), soci::use(time));
}

void for_each_collaboration(Store& store, const std::string& user_id, std::int64_t now,
                            const std::string& after, std::size_t limit,
                            const std::function<void(const Collaboration&)>& visit) {
    const Number time = now, most = static_cast<Number>(limit);
    Collaboration row;
    std::string role;
    store.each(
        "SELECT p.id, p.organization_id, p.name, r.role FROM effective_roles r JOIN projects p"
        " ON p.id = r.project_id WHERE r.user_id = :user AND (r.until IS NULL OR r.until > :now)"
        " AND p.id > :after ORDER BY p.id LIMIT :most",
        [&] {
            row.role = role_named(role).value_or(Role::member);
            visit(row);
        },
        soci::into(row.project_id), soci::into(row.organization_id), soci::into(row.name),
        soci::into(role), soci::use(user_id), soci::use(time), soci::use(after), soci::use(most));
}

std::optional<Collaborator> find_collaborator(Store& store, const std::string& project_id,
                                              const std::string& user_id) {
    std::optional<Collaborator> found;
    read(
        store, " AND r.user_id = :user", [&](const Collaborator& one) { found = one; },
        soci::use(project_id), soci::use(user_id));
    std::optional<Number> stored;
    if (found && store.run("SELECT until FROM collaborators WHERE project_id = :project"
                           " AND user_id = :user",
                           soci::into(stored), soci::use(project_id), soci::use(user_id)))
        found->stored_until = stored;
    return found;
}

bool is_listed(Store& store, const std::string& project_id, const std::string& user_id) {
    std::string role;
    return store.run(
        "SELECT role FROM collaborators WHERE project_id = :project"
        " AND user_id = :user",
        soci::into(role), soci::use(project_id), soci::use(user_id));
}

Outcome<void> add_to_project(Change& change, const Organization& organization,
                             const std::string& project_id, const std::string& user_id, Role role,
                             std::optional<std::int64_t> until, const std::string& granted_by) {
    auto& store = change.store();
    if (is_listed(store, project_id, user_id))
        return conflict("already_collaborator", "This user is a collaborator already.");
    const auto member = find_member(store, organization, user_id);
    if (member && member->suspended_at)
        return conflict("suspended",
                        "This member is suspended and can be added when that is over.");
    const auto user = find_user(store, user_id);
    if (user && !member)
        if (auto may = require_login_not_kept(store, organization.id, *user); !may) return may;
    const auto end = granted_by.empty()
                         ? end_of_newcomer(change, organization, project_id, user_id, until)
                         : until;
    forget_end(store, project_id, user_id);
    insert_collaborator(change, project_id, user_id, role, end, granted_by);
    if (!member && organization.allocate_uids &&
        !posix_id(store, organization.id, IdKind::user, user_id))
        if (auto room = require_room_for_external(store, organization); !room) return room;
    return give_uid_if_wanted(change, organization, user_id);
}

void insert_collaborator(Change& change, const std::string& project_id, const std::string& user_id,
                         Role role, std::optional<std::int64_t> until,
                         const std::string& granted_by) {
    const std::string name(name_of(role));
    const Number now = change.now();
    const std::optional<Number> end = until;
    const auto granter = change.granter(granted_by);
    change.store().run(
        "INSERT INTO collaborators (project_id, user_id, role, created_at,"
        " granted_by, until)"
        " VALUES (:project, :user, :role, :now, :granter, :until)",
        soci::use(project_id), soci::use(user_id), soci::use(name), soci::use(now),
        soci::use(granter), soci::use(end));
    change.role_changed(project_id, user_id);
}

void set_collaborator_role(Change& change, const std::string& project_id,
                           const Collaborator& collaborator, Role role) {
    if (collaborator.stored_role == role) return;
    const std::string name(name_of(role));
    const auto granter = change.granter();
    change.store().run(
        "UPDATE collaborators SET role = :role, granted_by = :granter"
        " WHERE project_id = :project AND user_id = :user",
        soci::use(name), soci::use(granter), soci::use(project_id),
        soci::use(collaborator.user_id));
    if (collaborator.source != RoleSource::organization_admin)
        change.role_changed(project_id, collaborator.user_id);
    if (role == Role::member)
        revoke_invitations_lost(change, organization_of_project(change.store(), project_id),
                                collaborator.user_id);
}

Outcome<void> require_may_leave(Store& store, const std::string& project_id,
                                const std::string& user_id, const std::string& param) {
    std::string organization;
    if (!store.run("SELECT o.id FROM organizations o JOIN members m ON m.organization_id = o.id"
                   " WHERE o.default_project_id = :project AND m.user_id = :user",
                   soci::into(organization), soci::use(project_id), soci::use(user_id)))
        return {};
    return conflict("default_project",
                    "Every member of the organization is in its Default Project.", param);
}

Outcome<void> set_collaborator_until(Change& change, const std::string& project_id,
                                     const Collaborator& collaborator,
                                     std::optional<std::int64_t> until) {
    if (until)
        if (auto may = require_may_leave(change.store(), project_id, collaborator.user_id, "until");
            !may)
            return may;
    const auto organization =
        find_organization(change.store(), organization_of_project(change.store(), project_id));
    if (auto may = require_not_own_end(change, *organization, collaborator.user_id,
                                       collaborator.stored_until, until);
        !may)
        return may;
    const std::optional<Number> end = until;
    change.store().run(
        "UPDATE collaborators SET until = :until"
        " WHERE project_id = :project AND user_id = :user",
        soci::use(end), soci::use(project_id), soci::use(collaborator.user_id));
    // The membership may end before that.
    const auto after = find_collaborator(change.store(), project_id, collaborator.user_id);
    if (after && after->until != collaborator.until)
        change.role_changed(project_id, collaborator.user_id);
    return {};
}

void delete_collaborator(Change& change, const std::string& project_id,
                         const std::string& user_id) {
    if (find_collaborator(change.store(), project_id, user_id))
        change.role_changed(project_id, user_id);
    keep_end(change.store(), project_id, user_id, change.now());
    change.store().run("DELETE FROM collaborators WHERE project_id = :project AND user_id = :user",
                       soci::use(project_id), soci::use(user_id));
    change.consequences().left_projects.insert(project_id);
    revoke_keys_for(change, user_id, project_id);
    revoke_invitations_lost(change, organization_of_project(change.store(), project_id), user_id);
}

}  // namespace together::roled
