// SPDX-License-Identifier: Apache-2.0
#include "role_server/model/organizations.h"

#include <algorithm>

#include "role_server/access/role_lookup.h"
#include "role_server/base/crypto.h"
#include "role_server/model/collaborators.h"
#include "role_server/model/project_roster.h"

namespace together::roled {
namespace {

constexpr long long first_allocated_uid = 10'000;

std::optional<Organization> find_where(Store& store, const std::string& condition,
                                       const std::string& value) {
    Organization found;
    long long external = 0, allocate = 0, created = 0;
    store.sql()
        << "SELECT id, name, owner_id, default_project_id, external_collaborators, allocate_uids,"
           " created_at FROM organizations WHERE " +
               condition,
        soci::use(value), soci::into(found.id), soci::into(found.name), soci::into(found.owner_id),
        soci::into(found.default_project_id), soci::into(external), soci::into(allocate),
        soci::into(created);
    if (!store.sql().got_data()) return std::nullopt;
    found.external_collaborators = external != 0;
    found.allocate_uids = allocate != 0;
    found.created_at = created;
    return found;
}

void insert_member(Store& store, const std::string& organization_id, const std::string& user_id,
                   Role role) {
    const std::string name(name_of(role));
    const long long now = now_seconds();
    store.sql() << "INSERT INTO members (organization_id, user_id, role, created_at)"
                   " VALUES (:organization, :user, :role, :now)",
        soci::use(organization_id), soci::use(user_id), soci::use(name), soci::use(now);
}

void insert_project(Store& store, const Project& project) {
    const long long created = project.created_at, revision = project.revision;
    store.sql() << "INSERT INTO projects (id, organization_id, name, revision, created_at)"
                   " VALUES (:id, :organization, :name, :revision, :now)",
        soci::use(project.id), soci::use(project.organization_id), soci::use(project.name),
        soci::use(revision), soci::use(created);
}

Project new_project(const std::string& organization_id, const std::string& name) {
    return {"proj_" + random_base62(20), organization_id, name, 1, now_seconds()};
}

// Above every uid that was ever given, so that none comes again.
std::int64_t next_uid(Store& store) {
    long long highest = 0;
    store.sql() << "SELECT COALESCE(MAX(uid), 0) FROM users WHERE uid < 1000000000",
        soci::into(highest);
    return std::max(highest + 1, first_allocated_uid);
}

}  // namespace

std::optional<Organization> find_organization(Store& store, const std::string& id) {
    return find_where(store, "id = :value", id);
}

std::optional<Organization> find_organization_named(Store& store, const std::string& name) {
    return find_where(store, "name = :value", name);
}

bool has_organizations(Store& store) {
    long long count = 0;
    store.sql() << "SELECT COUNT(*) FROM organizations", soci::into(count);
    return count > 0;
}

Organization create_organization(Store& store, const std::string& name,
                                 const std::string& owner_id) {
    Organization made;
    made.id = "org_" + random_base62(20);
    made.name = name;
    made.owner_id = owner_id;
    const auto project = new_project(made.id, "Default Project");
    made.default_project_id = project.id;
    made.created_at = project.created_at;
    const long long created = made.created_at;
    store.sql() << "INSERT INTO organizations (id, name, owner_id, default_project_id,"
                   " external_collaborators, allocate_uids, created_at)"
                   " VALUES (:id, :name, :owner, :project, 0, 0, :now)",
        soci::use(made.id), soci::use(made.name), soci::use(made.owner_id),
        soci::use(made.default_project_id), soci::use(created);
    insert_project(store, project);
    insert_member(store, made.id, owner_id, Role::admin);
    insert_collaborator(store, project.id, owner_id, Role::member);
    return made;
}

void update_organization(Store& store, const Organization& organization) {
    const long long external = organization.external_collaborators,
                    allocate = organization.allocate_uids;
    store.sql() << "UPDATE organizations SET name = :name, external_collaborators = :external,"
                   " allocate_uids = :allocate WHERE id = :id",
        soci::use(organization.name), soci::use(external), soci::use(allocate),
        soci::use(organization.id);
}

Outcome<void> add_member(Store& store, const Organization& organization, const User& user,
                         Role role) {
    if (organization_role(store, organization.id, user.id))
        return conflict("already_member", "This user is a member of the organization already.");
    insert_member(store, organization.id, user.id, role);
    // May have been there as an external collaborator.
    if (!find_collaborator(store, organization.default_project_id, user.id))
        insert_collaborator(store, organization.default_project_id, user.id, Role::member);
    if (organization.allocate_uids && !user.uid)
        if (auto set = set_uid(store, user, next_uid(store)); !set) return set;
    raise_revisions_of_user(store, user.id);
    return {};
}

std::optional<Project> find_project(Store& store, const std::string& id) {
    Project project;
    long long revision = 0, created = 0;
    store.sql()
        << "SELECT id, organization_id, name, revision, created_at FROM projects WHERE id = :id",
        soci::use(id), soci::into(project.id), soci::into(project.organization_id),
        soci::into(project.name), soci::into(revision), soci::into(created);
    if (!store.sql().got_data()) return std::nullopt;
    project.revision = revision;
    project.created_at = created;
    return project;
}

Outcome<Project> create_project(Store& store, const std::string& organization_id,
                                const std::string& name, const std::string& creator_id) {
    long long count = 0;
    store.sql()
        << "SELECT COUNT(*) FROM projects WHERE organization_id = :organization AND name = :name",
        soci::use(organization_id), soci::use(name), soci::into(count);
    if (count > 0)
        return conflict("project_name_taken", "The organization has a project of this name.",
                        "name");
    auto project = new_project(organization_id, name);
    insert_project(store, project);
    insert_collaborator(store, project.id, creator_id, Role::member);
    if (auto has = require_an_admin(store, project.id); !has) return tl::unexpected(has.error());
    return project;
}

void for_each_project(Store& store, const std::string& organization_id, const std::string& after,
                      std::size_t limit, const std::function<void(const Project&)>& visit) {
    Project project;
    long long revision = 0, created = 0;
    const auto most = static_cast<long long>(limit);
    soci::statement query =
        (store.sql().prepare
             << "SELECT id, organization_id, name, revision, created_at FROM projects"
                " WHERE organization_id = :organization AND id > :after"
                " ORDER BY id LIMIT :most",
         soci::use(organization_id), soci::use(after), soci::use(most), soci::into(project.id),
         soci::into(project.organization_id), soci::into(project.name), soci::into(revision),
         soci::into(created));
    query.execute();
    while (query.fetch()) {
        project.revision = revision;
        project.created_at = created;
        visit(project);
    }
}

}  // namespace together::roled
