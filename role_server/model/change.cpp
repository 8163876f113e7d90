// SPDX-License-Identifier: Apache-2.0
#include "role_server/model/change.h"

#include <utility>

#include "role_server/messages/json.h"
#include "role_server/model/access_history.h"

namespace together::roled {
namespace {

bool has_an_admin(Store& store, const std::string& project_id, std::int64_t now) {
    const Number time = now;
    std::string user_id;
    return store.run(
        "SELECT user_id FROM effective_roles WHERE project_id = :project"
        " AND role = 'admin' AND (until IS NULL OR until > :now) LIMIT 1",
        soci::into(user_id), soci::use(project_id), soci::use(time));
}

struct Project {
    std::string organization_id, owner_id;
};

// Nothing of one that is deleted: it needs no Admin.
bool find(Store& store, const std::string& project_id, Project& project) {
    return store.run(
        "SELECT o.id, o.owner_id FROM projects p JOIN organizations o"
        " ON o.id = p.organization_id WHERE p.id = :id AND p.deleted_at IS NULL",
        soci::into(project.organization_id), soci::into(project.owner_id), soci::use(project_id));
}

}  // namespace

Json::Value to_json(const Consequences& consequences) {
    Json::Value value;
    value["rosters"] = json_list(consequences.rosters);
    value["owner_became_admin_of"] = json_list(consequences.successions);
    value["left_projects"] = json_list(consequences.left_projects);
    value["revoked_keys"] = json_list(consequences.revoked_keys);
    value["remaining_project_keys"] = json_list(consequences.remaining_keys);
    return value;
}

Change::Change(Store& store, Author author, std::string action, std::int64_t now)
    : store_(store),
      author_(std::move(author)),
      action_(std::move(action)),
      now_(now),
      transaction_(store, Transaction::Mode::write) {}

std::optional<std::string> Change::granter(const std::string& other) const {
    const auto& id = other.empty() ? author_.actor : other;
    return id.empty() ? std::nullopt : std::optional(id);
}

void Change::role_changed(const std::string& project_id, const std::string& user_id) {
    roster_changed(project_id);
    access_changed(project_id, user_id);
}

void Change::rosters_with(const std::string& user_id, const std::string& organization_id) {
    std::string project_id, organization;
    store_.each(
        "SELECT project_id, organization_id FROM effective_roles WHERE user_id = :user",
        [&] {
            if (organization_id.empty() || organization_id == organization)
                role_changed(project_id, user_id);
        },
        soci::into(project_id), soci::into(organization), soci::use(user_id));
}

void Change::record(const std::string& target, const Json::Value& before, const Json::Value& after,
                    const std::vector<std::string>& organizations) {
    if (before == after) return;
    AuditRecord record;
    record.author = author_;
    record.action = action_;
    record.target = target;
    record.before = before;
    record.after = after;
    for (const auto& organization : organizations) {
        record.organization_id = organization;
        records_.push_back(record);
    }
    if (organizations.empty()) records_.push_back(record);
}

Outcome<void> Change::keep_admins() {
    for (const auto& project_id : consequences_.rosters)
        if (auto kept = keep_an_admin(project_id); !kept) return kept;
    return {};
}

Outcome<void> Change::settle() {
    if (auto kept = keep_admins(); !kept) return kept;
    for (const auto& project_id : consequences_.rosters)
        store_.run("UPDATE projects SET revision = revision + 1 WHERE id = :id",
                   soci::use(project_id));
    for (const auto& record : records_) append(store_, record);
    for (const auto& [project_id, user_id] : access_)
        note_access(store_, project_id, user_id, now_, author_.actor);
    return {};
}

Outcome<void> Change::keep_an_admin(const std::string& project_id) {
    if (has_an_admin(store_, project_id, now_)) return {};
    Project project;
    if (!find(store_, project_id, project)) return {};
    if (direct_.count(project_id) > 0)
        return conflict("last_project_admin",
                        "This would leave the project without an Admin: make somebody else Admin "
                        "first.");
    const Number time = now_;
    // A row that has ended by itself may still stand there.
    store_.run("DELETE FROM collaborators WHERE project_id = :project AND user_id = :user",
               soci::use(project_id), soci::use(project.owner_id));
    store_.run(
        "INSERT INTO collaborators (project_id, user_id, role, created_at)"
        " VALUES (:project, :user, 'admin', :now)",
        soci::use(project_id), soci::use(project.owner_id), soci::use(time));
    consequences_.successions.insert(project_id);
    access_changed(project_id, project.owner_id);
    Json::Value after;
    after["role"] = "admin";
    after["because"] = "the project had no Admin left";
    record(project_id + "/" + project.owner_id, {}, after, {project.organization_id});
    return {};
}

}  // namespace together::roled
