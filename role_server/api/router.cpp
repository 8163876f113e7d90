// SPDX-License-Identifier: Apache-2.0
#include "role_server/api/router.h"

#include <array>

#include "role_server/api/resources.h"

namespace together::roled {
namespace {

using enum Action;
constexpr auto read = Transaction::Mode::read;
constexpr auto change = Transaction::Mode::write;

constexpr Route probe(std::string_view path, Access access, Handler handler) {
    return {"GET", path, Work::probe, access, {}, read, false, false, handler};
}
constexpr Route plain(std::string_view path, Access access, Handler handler) {
    return {"GET", path, Work::read, access, {}, read, false, false, handler};
}
constexpr Route get(std::string_view path, Action action, Handler handler) {
    return {"GET", path, Work::read, Access::action, action, read, false, false, handler};
}
constexpr Route list(std::string_view path, Action action, Handler handler) {
    return {"GET", path, Work::read, Access::action, action, read, true, false, handler};
}
constexpr Route write(std::string_view method, std::string_view path, Action action,
                      Handler handler) {
    return {method, path, Work::change, Access::action, action, change, false, false, handler};
}

constexpr std::string_view organization_path = "/v1/organizations/{org}";
constexpr std::string_view projects_path = "/v1/organizations/{org}/projects";
constexpr std::string_view roster_path = "/v1/projects/{proj}/collaborators";
constexpr std::string_view collaborator_path = "/v1/projects/{proj}/collaborators/{user}";
constexpr std::string_view node_keys_path = "/v1/projects/{proj}/node_keys";
constexpr std::string_view node_key_path = "/v1/projects/{proj}/node_keys/{key}";

// Node keys are for a project's Admins, else any Member could cut the cluster off: they count as
// project settings.
constexpr std::array table = std::to_array<Route>({
    probe("/healthz", Access::alive, nullptr),
    probe("/readyz", Access::anybody, get_ready),
    plain("/v1/whoami", Access::any_key, get_whoami),
    plain("/v1/permissions", Access::any_key, get_permissions),
    plain("/v1/users/me", Access::own_profile, get_me),
    {"PATCH",
     "/v1/users/me",
     Work::change,
     Access::own_profile,
     {},
     change,
     false,
     false,
     change_me},
    {"GET", organization_path, Work::read, Access::action, organization_read, read, false, true,
     get_organization},
    write("PATCH", organization_path, organization_write, change_organization),
    list(projects_path, projects_read, list_projects),
    write("POST", projects_path, projects_create, add_project),
    get("/v1/projects/{proj}", project_read, get_project),
    list(roster_path, collaborators_read, get_roster),
    write("POST", roster_path, collaborators_add, add_collaborator),
    get(collaborator_path, collaborators_read, get_collaborator),
    write("PATCH", collaborator_path, collaborators_manage_roles, change_collaborator),
    write("DELETE", collaborator_path, collaborators_remove, remove_collaborator),
    list(node_keys_path, project_write, list_node_keys),
    write("POST", node_keys_path, project_write, add_node_key),
    get(node_key_path, project_write, get_node_key),
    write("DELETE", node_key_path, project_write, remove_node_key),
});

bool fits(std::string_view pattern, std::string_view path) {
    while (!pattern.empty() && path.starts_with('/')) {
        pattern.remove_prefix(1);  // the slashes
        path.remove_prefix(1);
        const auto wanted = pattern.substr(0, pattern.find('/'));
        const auto given = path.substr(0, path.find('/'));
        if (!wanted.starts_with('{') && wanted != given) return false;
        pattern.remove_prefix(wanted.size());
        path.remove_prefix(given.size());
    }
    return pattern.empty() && path.empty();
}

void keep(PathIds& ids, std::string_view placeholder, const std::string& segment) {
    if (placeholder == "{org}") ids.organization = segment;
    if (placeholder == "{proj}") ids.project = segment;
    if (placeholder == "{user}") ids.user = segment;
    if (placeholder == "{key}") ids.key = segment;
}

std::optional<PathIds> match_path(std::string_view pattern, const Uri& uri) {
    PathIds ids;
    for (const auto& segment : uri.segments) {
        if (pattern.empty()) return std::nullopt;
        pattern.remove_prefix(1);  // the slash
        const auto part = pattern.substr(0, pattern.find('/'));
        pattern.remove_prefix(part.size());
        if (part.starts_with('{')) {
            keep(ids, part, segment);
        } else if (part != segment) {
            return std::nullopt;
        }
    }
    if (!pattern.empty()) return std::nullopt;
    return ids;
}

}  // namespace

std::span<const Route> routes() {
    return table;
}

Outcome<Match> match(std::string_view method, const Uri& uri) {
    for (const auto& route : table) {
        if (route.method != method) continue;
        if (const auto ids = match_path(route.path, uri)) return Match{&route, *ids};
    }
    if (methods_of(uri).empty()) return not_found("resource");
    return other(405, "method_not_allowed",
                 "This resource has no such method; it has " + methods_of(uri) + ".");
}

Work work_of(std::string_view method, std::string_view target) {
    const auto path = target.substr(0, target.find('?'));
    for (const auto& route : table)
        if (route.method == method && fits(route.path, path)) return route.work;
    return Work::read;
}

std::string methods_of(const Uri& uri) {
    std::string methods;
    for (const auto& route : table)
        if (match_path(route.path, uri))
            methods += (methods.empty() ? "" : ", ") + std::string(route.method);
    return methods;
}

}  // namespace together::roled
