// SPDX-License-Identifier: Apache-2.0
#include "common/roles/permissions.h"

#include <array>

namespace together {
namespace {

using enum Level;

constexpr bool yes = true;
constexpr bool no = false;

// clang-format off
constexpr std::array table = std::to_array<Permission>({
    // Organization
    {Action::organization_read, "organization.read", "Read organization settings", organization, yes, yes},
    {Action::organization_write, "organization.write", "Change organization settings", organization, yes, no},
    {Action::billing_read, "billing.read", "Read billing", organization, yes, yes},
    {Action::billing_write, "billing.write", "Change billing", organization, yes, no},
    {Action::projects_read, "projects.read", "See the list of projects", organization, yes, yes},
    {Action::projects_create, "projects.create", "Create projects", organization, yes, no},
    {Action::members_read, "members.read", "See members", organization, yes, yes},
    {Action::members_invite, "members.invite", "Invite members", organization, yes, no},
    {Action::members_remove, "members.remove", "Remove members", organization, yes, no},
    {Action::members_manage_roles, "members.manage_roles", "Change members' roles", organization, yes, no},
    // Project
    {Action::project_read, "project.read", "Read project settings", project, yes, yes},
    {Action::project_write, "project.write", "Change project settings", project, yes, no},
    {Action::costs_read, "costs.read", "See the project's cost analytics", project, yes, yes},
    {Action::api_keys_read, "api_keys.read", "See API keys", project, yes, yes},
    {Action::api_keys_create, "api_keys.create", "Create API keys", project, yes, yes},
    {Action::api_keys_revoke, "api_keys.revoke", "Revoke API keys", project, yes, yes},
    {Action::collaborators_read, "collaborators.read", "See collaborators", project, yes, yes},
    {Action::collaborators_add, "collaborators.add", "Add collaborators", project, yes, no},
    {Action::collaborators_remove, "collaborators.remove", "Remove collaborators", project, yes, no},
    {Action::collaborators_manage_roles, "collaborators.manage_roles", "Change collaborators' roles", project, yes, no},
    // GPU clusters, control plane: managing the infrastructure
    {Action::clusters_create, "clusters.create", "Create clusters", project, yes, no},
    {Action::clusters_delete, "clusters.delete", "Delete clusters", project, yes, no},
    {Action::clusters_scale, "clusters.scale", "Scale clusters", project, yes, no},
    {Action::clusters_modify, "clusters.modify", "Change cluster configurations", project, yes, no},
    {Action::volumes_manage, "volumes.manage", "Create and resize volumes", project, yes, no},
    {Action::clusters_read, "clusters.read", "See cluster status and details", project, yes, yes},
    {Action::volumes_read, "volumes.read", "See volume details", project, yes, yes},
    // GPU clusters, data plane: using the infrastructure
    {Action::ssh_login, "ssh.login", "Log in to cluster nodes over SSH", project, yes, yes},
    {Action::kubernetes_run, "kubernetes.run", "Run Kubernetes workloads", project, yes, yes},
    {Action::kubernetes_dashboard, "kubernetes.dashboard", "Open the Kubernetes dashboard", project, yes, yes},
    {Action::slurm_submit, "slurm.submit", "Submit Slurm jobs", project, yes, yes},
    {Action::volumes_use, "volumes.use", "Read and write volumes", project, yes, yes},
    // Other products: every collaborator has full access
    {Action::fine_tuning_use, "fine_tuning.use", "Use fine-tuning", project, yes, yes},
    {Action::endpoints_use, "endpoints.use", "Use endpoints", project, yes, yes},
    {Action::inference_use, "inference.use", "Use serverless inference", project, yes, yes},
    {Action::products_use, "products.use", "Use other products", project, yes, yes},
});
// clang-format on

constexpr bool rows_stand_in_the_order_of_action() {
    for (std::size_t i = 0; i < table.size(); ++i)
        if (static_cast<std::size_t>(table[i].action) != i) return false;
    return table.size() == static_cast<std::size_t>(Action::products_use) + 1;
}
static_assert(rows_stand_in_the_order_of_action());

}  // namespace

std::span<const Permission> permissions() {
    return table;
}

const Permission& permission(Action action) {
    return table[static_cast<std::size_t>(action)];
}

std::optional<Action> action_named(std::string_view name) {
    for (const auto& row : table)
        if (row.name == name) return row.action;
    return std::nullopt;
}

bool permits(Role role, Action action) {
    const auto& row = permission(action);
    return role == Role::admin ? row.admin : row.member;
}

std::string_view name_of(Role role) {
    return role == Role::admin ? "admin" : "member";
}

std::optional<Role> role_named(std::string_view name) {
    if (name == "admin") return Role::admin;
    if (name == "member" || name == "editor" || name == "developer") return Role::member;
    return std::nullopt;
}

}  // namespace together
