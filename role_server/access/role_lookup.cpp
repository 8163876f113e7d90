// SPDX-License-Identifier: Apache-2.0
#include "role_server/access/role_lookup.h"

#include <algorithm>

namespace together::roled {
namespace {

struct MemberRow {
    std::optional<Role> role;
    bool suspended = false;
    std::optional<Number> until;
};

std::optional<MemberRow> member_row(Store& store, const std::string& organization_id,
                                    const std::string& user_id) {
    std::string role;
    std::optional<Number> suspended_at, until;
    if (!store.run("SELECT role, suspended_at, until FROM members WHERE organization_id ="
                   " :organization AND user_id = :user",
                   soci::into(role), soci::into(suspended_at), soci::into(until),
                   soci::use(organization_id), soci::use(user_id)))
        return std::nullopt;
    return MemberRow{role_named(role), suspended_at.has_value(), until};
}

struct CollaboratorRow {
    std::optional<Role> role;
    RoleSource source = RoleSource::project;
    std::optional<Number> until;
};

std::optional<CollaboratorRow> collaborator_row(Store& store, const std::string& project_id,
                                                const std::string& user_id) {
    std::string role, source;
    std::optional<Number> until;
    if (!store.run("SELECT role, source, until FROM effective_roles WHERE project_id = :project"
                   " AND user_id = :user",
                   soci::into(role), soci::into(source), soci::into(until), soci::use(project_id),
                   soci::use(user_id)))
        return std::nullopt;
    return CollaboratorRow{role_named(role), source_named(source), until};
}

// Somebody's in an organization and in one of its projects, or in none.
struct Rows {
    std::optional<MemberRow> member;
    std::optional<CollaboratorRow> collaborator;
};

Rows rows_of(Store& store, const std::string& organization_id, const std::string& project_id,
             const std::string& user_id) {
    const auto& place = project_id.empty() ? organization_id : project_id;
    return store.remembered().get("standing " + place + '\n' + user_id, [&] {
        Rows rows{member_row(store, organization_id, user_id), {}};
        if (!project_id.empty()) rows.collaborator = collaborator_row(store, project_id, user_id);
        return rows;
    });
}

bool is_over(const std::optional<Number>& until, std::int64_t now) {
    return until && *until <= now;
}

std::optional<std::string> organization_of(Store& store, const std::string& project_id) {
    return store.remembered().get("project " + project_id, [&] {
        std::string id;
        const bool found =
            store.run("SELECT organization_id FROM projects WHERE id = :id AND deleted_at IS NULL",
                      soci::into(id), soci::use(project_id));
        return found ? std::optional(id) : std::nullopt;
    });
}

struct AdminRow {
    std::string email;
    std::optional<std::string> login;
    bool external = false;
    std::optional<Number> until;
};

std::vector<AdminRow> first_admins(Store& store, const std::string& from, const std::string& id,
                                   std::int64_t now) {
    const Number time = now;
    AdminRow row;
    Number external = 0;
    std::vector<AdminRow> admins;
    store.each(
        "SELECT u.email, u.login, r.until, " + from +
            " AND r.role = 'admin' AND (r.until IS NULL OR r.until > :now)"
            " ORDER BY r.user_id LIMIT 3",
        [&] {
            row.external = external != 0;
            admins.push_back(row);
        },
        soci::into(row.email), soci::into(row.login), soci::into(row.until), soci::into(external),
        soci::use(id), soci::use(time));
    return admins;
}

bool in_some_project(Store& store, const std::string& organization_id, const std::string& user_id,
                     std::int64_t now) {
    const Number time = now;
    std::string found;
    return store.run(
        "SELECT project_id FROM effective_roles WHERE user_id = :user"
        " AND organization_id = :organization AND (until IS NULL OR until > :now)"
        " LIMIT 1",
        soci::into(found), soci::use(user_id), soci::use(organization_id), soci::use(time));
}

}  // namespace

Standing standing_of(Store& store, const std::string& organization_id,
                     const std::string& project_id, const std::string& user_id, std::int64_t now) {
    Standing standing;
    const auto [member, collaborator] = rows_of(store, organization_id, project_id, user_id);
    if (member && !is_over(member->until, now)) {
        standing.suspended = member->suspended;
        if (!standing.suspended) standing.organization_role = member->role;
    }
    if (collaborator && !is_over(collaborator->until, now)) {
        standing.project_role = collaborator->role;
        standing.source = collaborator->source;
        standing.in_some_project = true;
    }
    if (!standing.organization_role && !standing.in_some_project)
        standing.in_some_project = in_some_project(store, organization_id, user_id, now);
    return standing;
}

Outcome<Target> target_organization(Store& store, const Actor& actor,
                                    const std::string& organization_id, std::int64_t now) {
    Target target;
    if (!store.run("SELECT id FROM organizations WHERE id = :id",
                   soci::into(target.organization_id), soci::use(organization_id)))
        return not_found("organization");
    if (actor.kind == Actor::Kind::person)
        target.standing = standing_of(store, organization_id, {}, actor.user_id, now);
    return target;
}

Outcome<Target> target_project(Store& store, const Actor& actor, const std::string& project_id,
                               std::int64_t now) {
    Target target;
    target.project_id = project_id;
    const auto organization = organization_of(store, project_id);
    if (!organization) return not_found("project");
    target.organization_id = *organization;
    if (actor.kind == Actor::Kind::person)
        target.standing =
            standing_of(store, target.organization_id, project_id, actor.user_id, now);
    return target;
}

std::vector<std::string> admins_to_ask(Store& store, const Target& target, Level level,
                                       std::int64_t now) {
    const bool in_project = level == Level::project && !target.project_id.empty();
    const auto& id = in_project ? target.project_id : target.organization_id;
    const std::string from = in_project
                                 ? "CASE WHEN r.source = 'external' THEN 1 ELSE 0 END FROM"
                                   " effective_roles r JOIN users u ON u.id = r.user_id"
                                   " WHERE r.project_id = :id"
                                 : "0 FROM members r JOIN users u ON u.id = r.user_id"
                                   " WHERE r.suspended_at IS NULL AND r.organization_id = :id";
    const auto load = [&] { return first_admins(store, from, id, now); };
    auto admins = store.remembered().get("admins " + id, load);
    if (std::any_of(admins.begin(), admins.end(),
                    [&](const auto& one) { return is_over(one.until, now); }))
        admins = load();
    std::vector<std::string> people;
    for (const auto& one : admins)
        // By login, which nobody chooses to be taken for another; addresses of members are for
        // members alone, and of external collaborators for nobody.
        if (target.standing.organization_role && !one.external)
            people.push_back(one.login.value_or(one.email));
        else if (one.login)
            people.push_back(*one.login);
    return people;
}

}  // namespace together::roled
