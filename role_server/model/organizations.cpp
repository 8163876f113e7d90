// SPDX-License-Identifier: Apache-2.0
#include "role_server/model/organizations.h"

#include "common/roles/identifiers.h"
#include "role_server/base/crypto.h"
#include "role_server/base/validation.h"
#include "role_server/model/members.h"
#include "role_server/model/projects.h"

namespace together::roled {
namespace {

constexpr std::size_t max_reserved = 1000;

std::vector<Organization> read_where(Store& store, const std::string& condition,
                                     const std::string& value) {
    Organization row;
    Number external = 0, allocate = 0, first = 0, last = 0, created = 0;
    std::vector<Organization> found;
    store.each(
        "SELECT id, name, owner_id, default_project_id, external_collaborators, allocate_uids,"
        " first_id, last_id, billing_email, created_at FROM organizations WHERE " +
            condition + " ORDER BY id",
        [&] {
            row.external_collaborators = external != 0;
            row.allocate_uids = allocate != 0;
            row.ids = {first, last};
            row.created_at = created;
            found.push_back(row);
        },
        soci::into(row.id), soci::into(row.name), soci::into(row.owner_id),
        soci::into(row.default_project_id), soci::into(external), soci::into(allocate),
        soci::into(first), soci::into(last), soci::into(row.billing_email), soci::into(created),
        soci::use(value));
    return found;
}

// Members, and external collaborators, who have no uid.
std::vector<std::string> people_without_uid(Store& store, const std::string& organization_id) {
    std::vector<std::string> people;
    std::string id;
    store.each(
        "SELECT user_id FROM (SELECT user_id FROM members"
        " WHERE organization_id = :organization1 UNION SELECT c.user_id FROM collaborators c"
        " JOIN projects p ON p.id = c.project_id WHERE p.organization_id = :organization2) people"
        " WHERE NOT EXISTS (SELECT 1 FROM posix_ids i WHERE i.organization_id = :organization3"
        " AND i.kind = 'user' AND i.holder_id = people.user_id) ORDER BY user_id",
        [&] { people.push_back(id); }, soci::into(id), soci::use(organization_id),
        soci::use(organization_id), soci::use(organization_id));
    return people;
}

}  // namespace

std::optional<Organization> find_organization(Store& store, const std::string& id) {
    auto found = read_where(store, "id = :value", id);
    return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
}

std::vector<Organization> organizations_named(Store& store, const std::string& name) {
    return read_where(store, "name = :value", name);
}

std::vector<Organization> all_organizations(Store& store) {
    return read_where(store, "id > :value", "");
}

Outcome<Organization> create_organization(Change& change, const std::string& name,
                                          const std::string& owner_id) {
    auto& store = change.store();
    Organization made;
    made.id = "org_" + random_base62(20);
    made.name = name;
    made.owner_id = owner_id;
    made.default_project_id = new_project_id();
    made.created_at = change.now();
    const Number created = made.created_at;
    store.run(
        "INSERT INTO organizations (id, name, owner_id, default_project_id,"
        " external_collaborators, allocate_uids, created_at)"
        " VALUES (:id, :name, :owner, :project, 0, 0, :now)",
        soci::use(made.id), soci::use(made.name), soci::use(made.owner_id),
        soci::use(made.default_project_id), soci::use(created));
    const auto project = create_project(
        change, {made.default_project_id, made.id, "Default Project", {}, 0, 0}, std::nullopt);
    if (!project) return tl::unexpected(project.error());
    const auto owner = find_user(store, owner_id);
    if (!owner) return not_found("user");
    if (auto added = add_member(change, made, *owner, Role::admin); !added)
        return tl::unexpected(added.error());
    return made;
}

Outcome<void> update_organization(Change& change, const Organization& organization) {
    const Number external = organization.external_collaborators,
                 allocate = organization.allocate_uids, first = organization.ids.first,
                 last = organization.ids.last;
    auto& store = change.store();
    store.run(
        "UPDATE organizations SET name = :name, external_collaborators = :external,"
        " allocate_uids = :allocate, first_id = :first, last_id = :last,"
        " billing_email = :billing WHERE id = :id",
        soci::use(organization.name), soci::use(external), soci::use(allocate), soci::use(first),
        soci::use(last), soci::use(organization.billing_email), soci::use(organization.id));
    if (!organization.allocate_uids) return {};
    for (const auto& user_id : people_without_uid(store, organization.id))
        if (auto given = give_uid_if_wanted(change, organization, user_id); !given) return given;
    return {};
}

Outcome<void> move_ownership(Change& change, const Organization& organization,
                             const std::string& user_id) {
    auto& store = change.store();
    const auto member = find_member(store, organization, user_id);
    if (!member) return not_found("member of this organization");
    if (member->suspended_at || member->until)
        return conflict("not_permanent",
                        "A member who is suspended, or whose membership has an end, cannot be the "
                        "Owner.");
    if (auto set = set_member_role(change, organization, *member, Role::admin); !set) return set;
    store.run("UPDATE organizations SET owner_id = :user WHERE id = :id", soci::use(user_id),
              soci::use(organization.id));
    return {};
}

Outcome<void> require_not_own_end(const Change& change, const Organization& organization,
                                  const std::string& user_id,
                                  const std::optional<std::int64_t>& before,
                                  const std::optional<std::int64_t>& after) {
    const bool later = before && (!after || *after > *before);
    if (!later || !change.is_by(user_id) || user_id == organization.owner_id) return {};
    return forbidden("Nobody puts off their own end: ask another Admin.", {"admin"});
}

Outcome<void> require_not_the_owners(const Change& change, const Organization& organization,
                                     const std::string& user_id, const std::string& what) {
    if (user_id != organization.owner_id || change.is_by(user_id) || !change.is_by_api()) return {};
    return forbidden("The Owner's " + what + " is changed by the Owner alone.");
}

std::vector<std::string> reserved_logins(Store& store, const std::string& organization_id) {
    std::vector<std::string> logins;
    std::string login;
    store.each(
        "SELECT login_key FROM reserved_logins WHERE organization_id = :organization"
        " ORDER BY login_key",
        [&] { logins.push_back(login); }, soci::into(login), soci::use(organization_id));
    return logins;
}

Outcome<void> set_reserved_logins(Change& change, const std::string& organization_id,
                                  const std::vector<std::string>& logins) {
    if (logins.size() > max_reserved)
        return bad_request("too_many_logins", "At most 1000 logins can be kept.",
                           "reserved_logins");
    auto& store = change.store();
    store.run("DELETE FROM reserved_logins WHERE organization_id = :organization",
              soci::use(organization_id));
    for (const auto& login : logins) {
        if (!is_login(login))
            return bad_request("invalid_login", "'" + login + "' is no login.", "reserved_logins");
        const auto key = without_case(login);
        std::string found;
        if (store.run("SELECT login_key FROM reserved_logins WHERE organization_id = :organization"
                      " AND login_key = :key",
                      soci::into(found), soci::use(organization_id), soci::use(key)))
            continue;
        store.run(
            "INSERT INTO reserved_logins (organization_id, login_key)"
            " VALUES (:organization, :key)",
            soci::use(organization_id), soci::use(key));
    }
    return {};
}

}  // namespace together::roled
