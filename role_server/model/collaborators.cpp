// SPDX-License-Identifier: Apache-2.0
#include "role_server/model/collaborators.h"

namespace together::roled {
namespace {

struct Row {
    std::string user_id, login, role, organization_role;
    long long uid = 0;
    soci::indicator has_login = soci::i_null, has_uid = soci::i_null, is_member = soci::i_null;
};

const std::string select_rows =
    "SELECT c.user_id, u.login, u.uid, c.role, m.role FROM collaborators c"
    " JOIN users u ON u.id = c.user_id JOIN projects p ON p.id = c.project_id"
    " LEFT JOIN members m ON m.organization_id = p.organization_id AND m.user_id = c.user_id"
    " WHERE c.project_id = :project";

Collaborator from(const Row& row) {
    Collaborator one;
    one.user_id = row.user_id;
    if (row.has_login == soci::i_ok) one.login = row.login;
    if (row.has_uid == soci::i_ok) one.uid = row.uid;
    one.external = row.is_member != soci::i_ok;
    // The database checks that it is a role.
    one.stored_role = role_named(row.role).value_or(Role::member);
    one.role = !one.external && row.organization_role == "admin" ? Role::admin : one.stored_role;
    return one;
}

}  // namespace

void for_each_collaborator(Store& store, const std::string& project_id,
                           const std::function<void(const Collaborator&)>& visit) {
    Row row;
    soci::statement query =
        (store.sql().prepare << select_rows + " ORDER BY c.user_id", soci::use(project_id),
         soci::into(row.user_id), soci::into(row.login, row.has_login),
         soci::into(row.uid, row.has_uid), soci::into(row.role),
         soci::into(row.organization_role, row.is_member));
    query.execute();
    while (query.fetch()) visit(from(row));
}

std::optional<Collaborator> find_collaborator(Store& store, const std::string& project_id,
                                              const std::string& user_id) {
    Row row;
    store.sql() << select_rows + " AND c.user_id = :user", soci::use(project_id),
        soci::use(user_id), soci::into(row.user_id), soci::into(row.login, row.has_login),
        soci::into(row.uid, row.has_uid), soci::into(row.role),
        soci::into(row.organization_role, row.is_member);
    if (!store.sql().got_data()) return std::nullopt;
    return from(row);
}

std::string to_entry(const Collaborator& one) {
    return R"({"object":"project.collaborator","user_id":")" + one.user_id + R"(","login":)" +
           (one.login ? '"' + *one.login + '"' : "null") + R"(,"uid":)" +
           (one.uid ? std::to_string(*one.uid) : "null") + R"(,"role":")" +
           std::string(name_of(one.role)) + R"(","external":)" + (one.external ? "true" : "false") +
           "}";
}

void insert_collaborator(Store& store, const std::string& project_id, const std::string& user_id,
                         Role role) {
    const std::string name(name_of(role));
    const long long now = now_seconds();
    store.sql() << "INSERT INTO collaborators (project_id, user_id, role, created_at)"
                   " VALUES (:project, :user, :role, :now)",
        soci::use(project_id), soci::use(user_id), soci::use(name), soci::use(now);
}

void store_role(Store& store, const std::string& project_id, const std::string& user_id,
                Role role) {
    const std::string name(name_of(role));
    store.sql()
        << "UPDATE collaborators SET role = :role WHERE project_id = :project AND user_id = :user",
        soci::use(name), soci::use(project_id), soci::use(user_id);
}

void delete_collaborator(Store& store, const std::string& project_id, const std::string& user_id) {
    store.sql() << "DELETE FROM collaborators WHERE project_id = :project AND user_id = :user",
        soci::use(project_id), soci::use(user_id);
}

Outcome<void> require_an_admin(Store& store, const std::string& project_id) {
    long long admins = 0;
    store.sql() << "SELECT COUNT(*) FROM collaborators c JOIN projects p ON p.id = c.project_id"
                   " LEFT JOIN members m ON m.organization_id = p.organization_id"
                   " AND m.user_id = c.user_id"
                   " WHERE c.project_id = :project AND (c.role = 'admin' OR m.role = 'admin')",
        soci::into(admins), soci::use(project_id);
    if (admins > 0) return {};
    return conflict(
        "last_project_admin",
        "That would leave the project without an Admin; make somebody else Admin first.");
}

}  // namespace together::roled
