// SPDX-License-Identifier: Apache-2.0
// Who takes part in a project, and with which role. All of it in the caller's transaction.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "common/roles/permissions.h"
#include "role_server/access/authorize.h"
#include "role_server/base/errors.h"
#include "role_server/model/change.h"
#include "role_server/model/organizations.h"
#include "role_server/store/store.h"

namespace together::roled {

struct Collaborator {
    std::string user_id;
    std::optional<std::string> login;
    std::optional<std::int64_t> uid;  // in the project's organization
    Role role = Role::member;         // effective: an organization Admin counts as Admin
    Role stored_role = Role::member;  // counts again when that ends
    RoleSource source = RoleSource::project;
    std::int64_t since = 0;
    std::optional<std::string> granted_by;
    std::optional<std::int64_t> until;         // seconds since 1970
    std::optional<std::int64_t> stored_until;  // of find_collaborator(): without the membership's
    bool external() const { return source == RoleSource::external; }
};

// The columns that a database has otherwise than a Collaborator.
struct CollaboratorColumns {
    std::string role, stored_role, source;
    Number since = 0;
    std::optional<Number> uid, until;

    void put_into(Collaborator& one) const;
};

// Those who are in it at `now`, in ascending order of user id.
void for_each_collaborator(Store& store, const std::string& project_id, std::int64_t now,
                           const std::function<void(const Collaborator&)>& visit);
// What somebody takes part in.
struct Collaboration {
    std::string project_id, organization_id, name;
    Role role = Role::member;  // effective
};

// Those that count at `now`, of all organizations, in ascending order of project id, at most
// `limit`, from the one that follows `after`.
void for_each_collaboration(Store& store, const std::string& user_id, std::int64_t now,
                            const std::string& after, std::size_t limit,
                            const std::function<void(const Collaboration&)>& visit);

// Also one that is over but not removed yet.
std::optional<Collaborator> find_collaborator(Store& store, const std::string& project_id,
                                              const std::string& user_id);

// Also who is suspended, and has no role for the time being.
bool is_listed(Store& store, const std::string& project_id, const std::string& user_id);

// 409 already_collaborator, suspended, ids_exhausted, external_ids_exhausted. `granted_by`: who let
// them in, where that is not whoever makes the change. Who adds themselves gets no later end than
// the one they left before.
Outcome<void> add_to_project(Change& change, const Organization& organization,
                             const std::string& project_id, const std::string& user_id, Role role,
                             std::optional<std::int64_t> until = {},
                             const std::string& granted_by = {});
// The mere row, of somebody who is not there yet.
void insert_collaborator(Change& change, const std::string& project_id, const std::string& user_id,
                         Role role, std::optional<std::int64_t> until = {},
                         const std::string& granted_by = {});
void set_collaborator_role(Change& change, const std::string& project_id,
                           const Collaborator& collaborator, Role role);
// 409 default_project where they are a member of the organization and this is its Default Project:
// they are in it while they are a member.
Outcome<void> require_may_leave(Store& store, const std::string& project_id,
                                const std::string& user_id, const std::string& param = {});
// 409 where a member would leave the Default Project with it; 403 who would lengthen their own.
Outcome<void> set_collaborator_until(Change& change, const std::string& project_id,
                                     const Collaborator& collaborator,
                                     std::optional<std::int64_t> until);
// Their end is kept. And their tokens for it, and their invitations into it.
void delete_collaborator(Change& change, const std::string& project_id, const std::string& user_id);

}  // namespace together::roled
