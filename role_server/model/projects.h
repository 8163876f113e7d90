// SPDX-License-Identifier: Apache-2.0
// The projects of an organization, with the group that their collaborators share on the nodes. All
// in the caller's transaction.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "role_server/base/errors.h"
#include "role_server/model/change.h"
#include "role_server/store/store.h"

namespace together::roled {

struct Project {
    std::string id, organization_id, name;
    std::string group;  // p-…: the prefix keeps it apart from every package's groups
    std::int64_t revision = 0, created_at = 0;
};

std::string new_project_id();

std::optional<Project> find_project(Store& store, const std::string& id);

// Also of one that is deleted; empty where there was none.
std::string organization_of_project(Store& store, const std::string& id);

// At most `limit` of them, in ascending order of id, from the one that follows `after`.
void for_each_project(Store& store, const std::string& organization_id, const std::string& after,
                      std::size_t limit, const std::function<void(const Project&)>& visit);
// `wanted` has name, organization and, unless it is to be chosen, group and id. The creator becomes
// its Admin. 409 project_name_taken, group_taken, ids_exhausted; 400 invalid_group.
Outcome<Project> create_project(Change& change, Project wanted,
                                const std::optional<std::string>& creator_id);

// Name and group. 409 project_name_taken, group_taken; 400 where the group has not the form
// p-[a-z0-9_-]{1,23}.
Outcome<void> update_project(Change& change, const Project& before, const Project& after);

// With its collaborators and its keys; its ids are not given again. 409 for the Default Project.
Outcome<void> delete_project(Change& change, const Project& project);

}  // namespace together::roled
