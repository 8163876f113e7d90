// SPDX-License-Identifier: Apache-2.0
// Every cell of every table of roles-and-permissions.txt, written down here by hand from that page:
// this table is the requirement, the one in common/roles/permissions.cpp is the product.
#include "common/roles/permissions.h"

#include <CppUTest/TestHarness.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

using namespace together;

namespace {

constexpr bool Yes = true;
constexpr bool No = false;

struct SeedRow {
    const char* title;  // as the page has it
    const char* name;
    bool admin;
    bool member;
};

const std::vector<SeedRow> organization_permissions = {
    {"Organization settings: Read", "organization.read", Yes, Yes},
    {"Organization settings: Write", "organization.write", Yes, No},
    {"Billing: Read", "billing.read", Yes, Yes},
    {"Billing: Write", "billing.write", Yes, No},
    {"Projects: Read", "projects.read", Yes, Yes},
    {"Projects: Create", "projects.create", Yes, No},
    {"Members: Read", "members.read", Yes, Yes},
    {"Members: Invite", "members.invite", Yes, No},
    {"Members: Remove", "members.remove", Yes, No},
    {"Members: Manage roles", "members.manage_roles", Yes, No},
};

const std::vector<SeedRow> project_permissions = {
    {"Project settings: Read", "project.read", Yes, Yes},
    {"Project settings: Write", "project.write", Yes, No},
    {"Project cost analytics", "costs.read", Yes, Yes},
    {"API keys: Read", "api_keys.read", Yes, Yes},
    {"API keys: Create", "api_keys.create", Yes, Yes},
    {"API keys: Revoke", "api_keys.revoke", Yes, Yes},
    {"Collaborators: Read", "collaborators.read", Yes, Yes},
    {"Collaborators: Add", "collaborators.add", Yes, No},
    {"Collaborators: Remove", "collaborators.remove", Yes, No},
    {"Collaborators: Manage roles", "collaborators.manage_roles", Yes, No},
};

const std::vector<SeedRow> control_plane = {
    {"Create clusters", "clusters.create", Yes, No},
    {"Delete clusters", "clusters.delete", Yes, No},
    {"Scale clusters", "clusters.scale", Yes, No},
    {"Modify cluster configurations", "clusters.modify", Yes, No},
    {"Create and resize volumes", "volumes.manage", Yes, No},
    {"View cluster status and details", "clusters.read", Yes, Yes},
    {"View volume details", "volumes.read", Yes, Yes},
};

const std::vector<SeedRow> data_plane = {
    {"SSH into cluster nodes", "ssh.login", Yes, Yes},
    {"Run Kubernetes workloads (kubectl)", "kubernetes.run", Yes, Yes},
    {"Access Kubernetes Dashboard", "kubernetes.dashboard", Yes, Yes},
    {"Submit Slurm jobs", "slurm.submit", Yes, Yes},
    {"Read and write to volumes", "volumes.use", Yes, Yes},
};

// "all Project Collaborators (both Admin and Member) have full access to these services"
const std::vector<SeedRow> other_products = {
    {"Fine-Tuning", "fine_tuning.use", Yes, Yes},
    {"Endpoints", "endpoints.use", Yes, Yes},
    {"Serverless Inference", "inference.use", Yes, Yes},
    {"Other Products", "products.use", Yes, Yes},
};

void compare(const std::vector<SeedRow>& rows, Level level) {
    for (const auto& row : rows) {
        const auto action = action_named(row.name);
        CHECK_TEXT(action.has_value(), row.title);
        CHECK_TEXT(permits(Role::admin, *action) == row.admin, row.title);
        CHECK_TEXT(permits(Role::member, *action) == row.member, row.title);
        CHECK_TEXT(permission(*action).admin == row.admin, row.title);
        CHECK_TEXT(permission(*action).member == row.member, row.title);
        CHECK_TEXT(permission(*action).level == level, row.title);
        CHECK_TEXT(permission(*action).name == std::string_view(row.name), row.title);
    }
}

bool is_scope_and_verb(std::string_view name) {
    const auto dot = name.find('.');
    const auto is_word = [](std::string_view word) {
        return !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
            return (c >= 'a' && c <= 'z') || c == '_';
        });
    };
    return dot != name.npos && is_word(name.substr(0, dot)) && is_word(name.substr(dot + 1));
}

}  // namespace

TEST_GROUP(permissions){};

TEST(permissions, of_the_organization_are_the_pages) {
    compare(organization_permissions, Level::organization);
}

TEST(permissions, of_a_project_are_the_pages) {
    compare(project_permissions, Level::project);
}

TEST(permissions, of_the_control_plane_are_the_pages) {
    compare(control_plane, Level::project);
}

TEST(permissions, of_the_data_plane_are_the_pages) {
    compare(data_plane, Level::project);
}

TEST(permissions, of_the_other_products_are_full_access_for_every_collaborator) {
    compare(other_products, Level::project);
}

TEST(permissions, has_no_row_that_the_page_does_not_have) {
    LONGS_EQUAL(10, organization_permissions.size());
    LONGS_EQUAL(10, project_permissions.size());
    LONGS_EQUAL(7, control_plane.size());
    LONGS_EQUAL(5, data_plane.size());
    LONGS_EQUAL(4, other_products.size());
    LONGS_EQUAL(36, permissions().size());
}

TEST(permissions, have_unique_names_of_the_form_scope_verb) {
    std::set<std::string_view> names;
    for (const auto& row : permissions()) {
        CHECK_TEXT(is_scope_and_verb(row.name), std::string(row.name).c_str());
        CHECK_TEXT(names.insert(row.name).second, std::string(row.name).c_str());
        CHECK_TEXT(!std::string_view(row.title).empty(), std::string(row.name).c_str());
    }
}

TEST(permissions, finds_each_row_by_its_action_and_by_its_name) {
    for (const auto& row : permissions()) {
        CHECK_TRUE(&permission(row.action) == &row);
        CHECK_TRUE(action_named(row.name) == row.action);
    }
}

TEST(permissions, knows_no_action_by_another_name) {
    for (const char* name : {"", "ssh", "ssh.", ".login", "SSH.login", "ssh.login ", "ssh_login",
                             "Log in to cluster nodes over SSH"})
        CHECK_TEXT(!action_named(name), name);
}

TEST(permissions, calls_an_admin_admin) {
    CHECK_TRUE(role_named("admin") == Role::admin);
    CHECK_TRUE(name_of(Role::admin) == "admin");
}

TEST(permissions, calls_a_member_member_editor_or_developer) {
    for (const char* name : {"member", "editor", "developer"})
        CHECK_TEXT(role_named(name) == Role::member, name);
    CHECK_TRUE(name_of(Role::member) == "member");
}

TEST(permissions, knows_no_other_role) {
    for (const char* name : {"", "Admin", "ADMIN", "admin ", " admin", "administrator", "owner",
                             "root", "viewer", "members", "admin,member"})
        CHECK_TEXT(!role_named(name), name);
    CHECK_FALSE(role_named(std::string_view("admin\0", 6)).has_value());
}
