// SPDX-License-Identifier: Apache-2.0
// Organizations, their members and their projects. All of it in the caller's transaction.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "common/roles/permissions.h"
#include "role_server/base/errors.h"
#include "role_server/model/users.h"
#include "role_server/store/store.h"

namespace together::roled {

struct Organization {
    std::string id, name, owner_id, default_project_id;
    bool external_collaborators = false;  // may people who are no members be added to projects?
    bool allocate_uids = false;           // does the authority give uids to those who have none?
    std::int64_t created_at = 0;
};

struct Project {
    std::string id, organization_id, name;
    std::int64_t revision = 0, created_at = 0;
};

std::optional<Organization> find_organization(Store& store, const std::string& id);
std::optional<Organization> find_organization_named(Store& store, const std::string& name);
bool has_organizations(Store& store);

// Writes name and switches.
void update_organization(Store& store, const Organization& organization);

// With its Default Project; the owner is the Admin of both.
Organization create_organization(Store& store, const std::string& name,
                                 const std::string& owner_id);

// A member of the organization, and so of its Default Project. 409 where the user is one already.
Outcome<void> add_member(Store& store, const Organization& organization, const User& user,
                         Role role);

std::optional<Project> find_project(Store& store, const std::string& id);

// The creator becomes a collaborator, and is the project's Admin as an Admin of the organization.
// 409 where the organization has a project of that name.
Outcome<Project> create_project(Store& store, const std::string& organization_id,
                                const std::string& name, const std::string& creator_id);

// At most `limit` of them, in ascending order of id, from the one that follows `after`.
void for_each_project(Store& store, const std::string& organization_id, const std::string& after,
                      std::size_t limit, const std::function<void(const Project&)>& visit);

}  // namespace together::roled
