// SPDX-License-Identifier: Apache-2.0
#include "role_server/access/role_lookup.h"

namespace together::roled {
namespace {

std::optional<Role> stored_project_role(Store& store, const std::string& project_id,
                                        const std::string& user_id) {
    std::string role;
    store.sql() << "SELECT role FROM collaborators WHERE project_id = :project AND user_id = :user",
        soci::into(role), soci::use(project_id), soci::use(user_id);
    return store.sql().got_data() ? role_named(role) : std::nullopt;
}

bool in_some_project(Store& store, const std::string& organization_id, const std::string& user_id) {
    long long count = 0;
    store.sql() << "SELECT COUNT(*) FROM collaborators c JOIN projects p ON p.id = c.project_id"
                   " WHERE p.organization_id = :organization AND c.user_id = :user",
        soci::into(count), soci::use(organization_id), soci::use(user_id);
    return count > 0;
}

}  // namespace

std::optional<Role> organization_role(Store& store, const std::string& organization_id,
                                      const std::string& user_id) {
    std::string role;
    store.sql()
        << "SELECT role FROM members WHERE organization_id = :organization AND user_id = :user",
        soci::into(role), soci::use(organization_id), soci::use(user_id);
    return store.sql().got_data() ? role_named(role) : std::nullopt;
}

Outcome<Target> target_organization(Store& store, const Actor& actor,
                                    const std::string& organization_id) {
    std::string id;
    store.sql() << "SELECT id FROM organizations WHERE id = :id", soci::into(id),
        soci::use(organization_id);
    if (!store.sql().got_data()) return not_found("organization");
    Target target;
    target.organization_id = id;
    if (actor.kind != Actor::Kind::person) return target;
    target.organization_role = organization_role(store, id, actor.user_id);
    target.in_some_project = in_some_project(store, id, actor.user_id);
    return target;
}

Outcome<Target> target_project(Store& store, const Actor& actor, const std::string& project_id) {
    Target target;
    target.project_id = project_id;
    store.sql() << "SELECT organization_id FROM projects WHERE id = :id",
        soci::into(target.organization_id), soci::use(project_id);
    if (!store.sql().got_data()) return not_found("project");
    if (actor.kind != Actor::Kind::person) return target;
    target.organization_role = organization_role(store, target.organization_id, actor.user_id);
    target.project_role = stored_project_role(store, project_id, actor.user_id);
    if (target.project_role && target.organization_role == Role::admin)
        target.project_role = Role::admin;
    target.in_some_project = target.project_role.has_value();
    return target;
}

}  // namespace together::roled
