// SPDX-License-Identifier: Apache-2.0
// Who may do what: the roles and the permission tables of the platform, all of them, as data.
//
// The role authority and every node decide from these same tables. Pure functions over constant
// data: thread-safe, nothing allocates, nothing fails.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "common/system/text_in_place.h"

namespace together {

enum class Role : std::uint8_t { admin, member };

// Whose role decides an action: the one in the organization or the one in the project. Nodes know
// project roles only.
enum class Level : std::uint8_t { organization, project };

enum class Action : std::uint8_t {
    organization_read,
    organization_write,
    billing_read,
    billing_write,
    projects_read,
    projects_create,
    members_read,
    members_invite,
    members_remove,
    members_manage_roles,
    project_read,
    project_write,
    costs_read,
    api_keys_read,
    api_keys_create,
    api_keys_revoke,
    collaborators_read,
    collaborators_add,
    collaborators_remove,
    collaborators_manage_roles,
    clusters_create,
    clusters_delete,
    clusters_scale,
    clusters_modify,
    volumes_manage,
    clusters_read,
    volumes_read,
    ssh_login,
    kubernetes_run,
    kubernetes_dashboard,
    slurm_submit,
    volumes_use,
    fine_tuning_use,
    endpoints_use,
    inference_use,
    products_use,
};

// One row of the tables. Rows stand in the order of Action.
struct Permission {
    Action action;
    TextInPlace<28> name;   // "scope.verb", stable: used on command lines, in logs and over HTTP
    TextInPlace<36> title;  // for people
    Level level;
    bool admin;
    bool member;
};

std::span<const Permission> permissions();
const Permission& permission(Action action);
std::optional<Action> action_named(std::string_view name);

bool permits(Role role, Action action);

std::string_view name_of(Role role);
// "admin" or "member", which is also written "editor" or "developer". Anything else is no role.
std::optional<Role> role_named(std::string_view name);

}  // namespace together
