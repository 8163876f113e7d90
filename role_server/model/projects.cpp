// SPDX-License-Identifier: Apache-2.0
#include "role_server/model/projects.h"

#include <algorithm>
#include <vector>

#include "role_server/base/crypto.h"
#include "role_server/base/validation.h"
#include "role_server/model/collaborators.h"
#include "role_server/model/keys.h"
#include "role_server/model/posix_ids.h"
#include "role_server/model/users.h"

namespace together::roled {
namespace {

constexpr std::string_view group_prefix = "p-";
constexpr std::size_t max_group = 25;

template <class Visit, class... Use>
void read(Store& store, const std::string& where, const Visit& visit, const Use&... use) {
    Project row;
    Number revision = 0, created = 0;
    std::optional<std::string> group;
    store.each(
        "SELECT id, organization_id, name, group_name, revision, created_at FROM projects"
        " WHERE deleted_at IS NULL AND " +
            where,
        [&] {
            row.group = group.value_or("");
            row.revision = revision;
            row.created_at = created;
            visit(row);
        },
        soci::into(row.id), soci::into(row.organization_id), soci::into(row.name),
        soci::into(group), soci::into(revision), soci::into(created), use...);
}

bool is_group_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

Outcome<std::string> checked_group(std::string group) {
    const auto rest = std::string_view(group).substr(std::min<std::size_t>(2, group.size()));
    if (!group.starts_with(group_prefix) || rest.empty() || group.size() > max_group ||
        !std::all_of(rest.begin(), rest.end(), is_group_character))
        return bad_request("invalid_group",
                           "A group is 'p-' and 1 to 23 small letters, digits, '_' or '-'.",
                           "group");
    return group;
}

// Also of projects that are deleted: their files may still be there.
bool group_is_taken(Store& store, const std::string& organization_id, const std::string& group) {
    std::string id;
    return store.run(
        "SELECT id FROM projects WHERE organization_id = :organization"
        " AND group_name = :group",
        soci::into(id), soci::use(organization_id), soci::use(group));
}

constexpr int numbers_tried = 10;
constexpr std::size_t random_characters = 8;

// From the name, with a number where another project has that already. Where many have, with
// something random: nobody's names may make a change a long one.
std::string group_for(Store& store, const Project& project) {
    std::string base;
    for (const char c : without_case(project.name))
        if (is_group_character(c))
            base += c;
        else if (!base.empty() && base.back() != '-')
            base += '-';
    while (!base.empty() && base.back() == '-') base.pop_back();
    if (base.empty()) base = "project";
    for (int number = 1;; ++number) {
        const auto distinction = number <= numbers_tried
                                     ? std::to_string(number)
                                     : without_case(random_base62(random_characters));
        const auto suffix = number == 1 ? std::string() : '-' + distinction;
        auto group = std::string(group_prefix) +
                     base.substr(0, max_group - group_prefix.size() - suffix.size()) + suffix;
        if (!group_is_taken(store, project.organization_id, group)) return group;
    }
}

Outcome<void> require_room(Store& store, const std::string& organization_id) {
    constexpr Number max_projects = 5'000;
    Number count = 0;
    store.run("SELECT COUNT(*) FROM projects WHERE organization_id = :organization",
              soci::into(count), soci::use(organization_id));
    if (count >= max_projects)
        return conflict("too_many_projects",
                        "The organization has had 5,000 projects: use one again.");
    return {};
}

Outcome<void> require_free_name(Store& store, const Project& project) {
    std::string id;
    if (store.run("SELECT id FROM projects WHERE organization_id = :organization AND name = :name"
                  " AND deleted_at IS NULL",
                  soci::into(id), soci::use(project.organization_id), soci::use(project.name)))
        return conflict("project_name_taken", "The organization has a project of this name.",
                        "name");
    return {};
}

Outcome<void> require_free_group(Store& store, const Project& project) {
    if (auto checked = checked_group(project.group); !checked)
        return tl::unexpected(checked.error());
    if (group_is_taken(store, project.organization_id, project.group))
        return conflict("group_taken", "'" + project.group + "' is or was another project's group.",
                        "group");
    return {};
}

// Also who is suspended or over.
std::vector<std::string> everybody_in(Store& store, const std::string& project_id) {
    std::vector<std::string> people;
    std::string user_id;
    store.each(
        "SELECT user_id FROM collaborators WHERE project_id = :project",
        [&] { people.push_back(user_id); }, soci::into(user_id), soci::use(project_id));
    return people;
}

void insert(Store& store, const Project& project) {
    const Number created = project.created_at, revision = project.revision;
    store.run(
        "INSERT INTO projects (id, organization_id, name, group_name, revision, created_at)"
        " VALUES (:id, :organization, :name, :group, :revision, :now)",
        soci::use(project.id), soci::use(project.organization_id), soci::use(project.name),
        soci::use(project.group), soci::use(revision), soci::use(created));
}

}  // namespace

std::string new_project_id() {
    return "proj_" + random_base62(20);
}

std::optional<Project> find_project(Store& store, const std::string& id) {
    std::optional<Project> found;
    read(
        store, "id = :id", [&](const Project& project) { found = project; }, soci::use(id));
    return found;
}

std::string organization_of_project(Store& store, const std::string& id) {
    std::string organization;
    store.run("SELECT organization_id FROM projects WHERE id = :id", soci::into(organization),
              soci::use(id));
    return organization;
}

void for_each_project(Store& store, const std::string& organization_id, const std::string& after,
                      std::size_t limit, const std::function<void(const Project&)>& visit) {
    const Number most = static_cast<Number>(limit);
    read(store, "organization_id = :organization AND id > :after ORDER BY id LIMIT :most", visit,
         soci::use(organization_id), soci::use(after), soci::use(most));
}

Outcome<Project> create_project(Change& change, Project wanted,
                                const std::optional<std::string>& creator_id) {
    auto& store = change.store();
    if (auto room = require_room(store, wanted.organization_id); !room)
        return tl::unexpected(room.error());
    if (auto free = require_free_name(store, wanted); !free) return tl::unexpected(free.error());
    if (wanted.id.empty()) wanted.id = new_project_id();
    if (wanted.group.empty()) wanted.group = group_for(store, wanted);
    if (auto free = require_free_group(store, wanted); !free) return tl::unexpected(free.error());
    wanted.created_at = change.now();
    insert(store, wanted);
    for (const auto kind : {IdKind::group, IdKind::admin_group})
        if (auto given = allocate_posix_id(store, wanted.organization_id, kind, wanted.id); !given)
            return tl::unexpected(given.error());
    if (creator_id) insert_collaborator(change, wanted.id, *creator_id, Role::admin);
    change.roster_changed(wanted.id);
    wanted.revision = 1;
    return wanted;
}

Outcome<void> update_project(Change& change, const Project& before, const Project& after) {
    auto& store = change.store();
    if (before.name != after.name)
        if (auto free = require_free_name(store, after); !free) return free;
    if (before.group != after.group) {
        if (auto free = require_free_group(store, after); !free) return free;
        change.roster_changed(after.id);
    }
    store.run("UPDATE projects SET name = :name, group_name = :group WHERE id = :id",
              soci::use(after.name), soci::use(after.group), soci::use(after.id));
    return {};
}

Outcome<void> delete_project(Change& change, const Project& project) {
    auto& store = change.store();
    std::string organization;
    if (store.run("SELECT id FROM organizations WHERE default_project_id = :id",
                  soci::into(organization), soci::use(project.id)))
        return conflict("default_project",
                        "The Default Project of an organization cannot be deleted.");
    for (const auto& user_id : everybody_in(store, project.id)) {
        delete_collaborator(change, project.id, user_id);
        revoke_keys_of_nobody(change, user_id);
    }
    revoke_keys_of_project(change, project.id);
    const Number now = change.now();
    store.run(
        "UPDATE invitations SET revoked_at = :now WHERE project_id = :id"
        " AND used_at IS NULL AND revoked_at IS NULL",
        soci::use(now), soci::use(project.id));
    store.run("DELETE FROM last_seen WHERE project_id = :id", soci::use(project.id));
    store.run("UPDATE projects SET deleted_at = :now WHERE id = :id", soci::use(now),
              soci::use(project.id));
    change.roster_changed(project.id);
    return {};
}

}  // namespace together::roled
