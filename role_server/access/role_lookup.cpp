// SPDX-License-Identifier: Apache-2.0
#include "role_server/access/role_lookup.h"

namespace together::roled {
namespace {

void look_up_member(Store& store, const std::string& organization_id, const std::string& user_id,
                    std::int64_t now, Standing& standing) {
    const Number time = now;
    std::string role;
    std::optional<Number> suspended_at;
    const bool member = store.run(
        "SELECT role, suspended_at FROM members WHERE organization_id = :organization"
        " AND user_id = :user AND (until IS NULL OR until > :now)",
        soci::into(role), soci::into(suspended_at), soci::use(organization_id), soci::use(user_id),
        soci::use(time));
    standing.suspended = member && suspended_at;
    if (member && !suspended_at) standing.organization_role = role_named(role);
}

void look_up_collaborator(Store& store, const std::string& project_id, const std::string& user_id,
                          std::int64_t now, Standing& standing) {
    const Number time = now;
    std::string role, source;
    if (!store.run("SELECT role, source FROM effective_roles WHERE project_id = :project"
                   " AND user_id = :user AND (until IS NULL OR until > :now)",
                   soci::into(role), soci::into(source), soci::use(project_id), soci::use(user_id),
                   soci::use(time)))
        return;
    standing.project_role = role_named(role);
    standing.source = source_named(source);
    standing.in_some_project = true;
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
    look_up_member(store, organization_id, user_id, now, standing);
    if (!project_id.empty()) look_up_collaborator(store, project_id, user_id, now, standing);
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
    if (!store.run("SELECT organization_id FROM projects WHERE id = :id AND deleted_at IS NULL",
                   soci::into(target.organization_id), soci::use(project_id)))
        return not_found("project");
    if (actor.kind == Actor::Kind::person)
        target.standing =
            standing_of(store, target.organization_id, project_id, actor.user_id, now);
    return target;
}

std::vector<std::string> admins_to_ask(Store& store, const Target& target, Level level,
                                       std::int64_t now) {
    const Number time = now;
    const bool in_project = level == Level::project && !target.project_id.empty();
    const auto& id = in_project ? target.project_id : target.organization_id;
    const std::string from = in_project
                                 ? "CASE WHEN r.source = 'external' THEN 1 ELSE 0 END FROM"
                                   " effective_roles r JOIN users u ON u.id = r.user_id"
                                   " WHERE r.project_id = :id"
                                 : "0 FROM members r JOIN users u ON u.id = r.user_id"
                                   " WHERE r.suspended_at IS NULL AND r.organization_id = :id";
    std::string email;
    Number external = 0;
    std::optional<std::string> login;
    std::vector<std::string> people;
    store.each(
        "SELECT u.email, u.login, " + from +
            " AND r.role = 'admin' AND (r.until IS NULL OR r.until > :now)"
            " ORDER BY r.user_id LIMIT 3",
        [&] {
            // By login, which nobody chooses to be taken for another; addresses of members are for
            // members alone, and of external collaborators for nobody.
            if (target.standing.organization_role && external == 0)
                people.push_back(login ? *login : email);
            else if (login)
                people.push_back(*login);
        },
        soci::into(email), soci::into(login), soci::into(external), soci::use(id), soci::use(time));
    return people;
}

}  // namespace together::roled
