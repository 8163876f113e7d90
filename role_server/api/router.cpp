// SPDX-License-Identifier: Apache-2.0
#include "role_server/api/router.h"

#include <array>

#include "role_server/api/resources.h"

namespace together::roled {
namespace {

using enum Action;
using enum Work;

constexpr Route probed(std::string_view path, Access access, Work work, Reader reader) {
    return {"GET", path, access, {}, work, false, false, {}, reader, nullptr};
}
constexpr Route asked(std::string_view method, std::string_view path, Access access,
                      Reader reader) {
    return {method, path, access, {}, question, false, false, {}, reader, nullptr};
}
constexpr Route plain(std::string_view path, Access access, Reader reader) {
    return {"GET", path, access, {}, Work::read, false, false, {}, reader, nullptr};
}
constexpr Route mine(std::string_view path, Reader reader) {
    return plain(path, Access::own_profile, reader);
}
constexpr Route list_of_mine(std::string_view path, Reader reader) {
    return {"GET", path, Access::own_profile, {}, Work::read, true, false, {}, reader, nullptr};
}
constexpr Route write_mine(std::string_view method, std::string_view path, Changer changer) {
    return {method,  path,   Access::own_profile, {}, Work::change, false, false, {},
            nullptr, changer};
}
constexpr Route get(std::string_view path, Action action, Reader reader) {
    return {"GET", path, Access::action, action, Work::read, false, false, {}, reader, nullptr};
}
constexpr Route list(std::string_view path, Action action, Reader reader,
                     std::array<std::string_view, 2> parameters = {}) {
    return {"GET", path,  Access::action, action, Work::read,
            true,  false, parameters,     reader, nullptr};
}
constexpr Route write(std::string_view method, std::string_view path, Action action,
                      Changer changer) {
    return {method, path, Access::action, action, Work::change, false, false, {}, nullptr, changer};
}
constexpr Route told(std::string_view path, Reader reader) {
    return {"POST", path, Access::node, {}, Work::read, false, false, {}, reader, nullptr};
}
constexpr Route with_name_only(Route route) {
    route.name_only = true;
    return route;
}
constexpr Route with_parameter(Route route, std::string_view parameter) {
    route.parameters = {parameter};
    return route;
}
constexpr Route with_long_body(Route route) {
    route.takes_long_body = true;
    return route;
}
constexpr Route with_access(Route route, Access access) {
    route.access = access;
    return route;
}

constexpr std::string_view me = "/v1/users/me";
constexpr std::string_view tokens = "/v1/users/me/tokens";
constexpr std::string_view token = "/v1/users/me/tokens/{key}";
constexpr std::string_view ssh_keys = "/v1/users/me/ssh_keys";
constexpr std::string_view ssh_key = "/v1/users/me/ssh_keys/{key}";
constexpr std::string_view organization = "/v1/organizations/{org}";
constexpr std::string_view billing = "/v1/organizations/{org}/billing";
constexpr std::string_view members = "/v1/organizations/{org}/members";
constexpr std::string_view member = "/v1/organizations/{org}/members/{user}";
constexpr std::string_view invitations = "/v1/organizations/{org}/invitations";
constexpr std::string_view invitation = "/v1/organizations/{org}/invitations/{inv}";
constexpr std::string_view projects = "/v1/organizations/{org}/projects";
constexpr std::string_view project = "/v1/projects/{proj}";
constexpr std::string_view roster = "/v1/projects/{proj}/collaborators";
constexpr std::string_view collaborator = "/v1/projects/{proj}/collaborators/{user}";
constexpr std::string_view project_invitations = "/v1/projects/{proj}/invitations";
constexpr std::string_view project_invitation = "/v1/projects/{proj}/invitations/{inv}";
constexpr std::string_view api_keys = "/v1/projects/{proj}/api_keys";
constexpr std::string_view api_key = "/v1/projects/{proj}/api_keys/{key}";
constexpr std::string_view node_keys = "/v1/projects/{proj}/node_keys";
constexpr std::string_view node_key = "/v1/projects/{proj}/node_keys/{key}";

// Node keys are for a project's Admins, else any Member could cut the cluster off: they count as
// project settings, as does the review of who has access. The trail is for whoever may change the
// organization.
constexpr std::array table = std::to_array<Route>({
    probed("/healthz", Access::alive, liveness, nullptr),
    probed("/readyz", Access::anybody, probe, get_ready),
    plain("/v1/whoami", Access::any_key, get_whoami),
    plain("/v1/permissions", Access::any_key, get_permissions),
    with_long_body(asked("POST", "/v1/authorize", Access::any_key, authorize)),
    asked("POST", "/access/v1/evaluation", Access::any_key, evaluate),
    with_long_body(asked("POST", "/access/v1/evaluations", Access::any_key, evaluate_many)),
    // An API server says how long it waits.
    with_parameter(asked("POST", "/v1/kubernetes/tokenreviews", Access::any_key, review_token),
                   "timeout"),
    asked("GET", "/v1/projects/{proj}/authorize/{action}", Access::bearer, authorize_bearer),

    mine(me, get_me),
    write_mine("PATCH", me, change_me),
    write_mine("DELETE", me, delete_me),
    list_of_mine("/v1/users/me/organizations", list_my_organizations),
    list_of_mine("/v1/users/me/projects", list_my_projects),
    list_of_mine(tokens, list_tokens),
    write_mine("POST", tokens, add_token),
    mine(token, get_token),
    write_mine("DELETE", token, remove_token),
    list_of_mine(ssh_keys, list_ssh_keys),
    write_mine("POST", ssh_keys, add_ssh_key_of_mine),
    mine(ssh_key, get_ssh_key),
    write_mine("DELETE", ssh_key, remove_ssh_key_of_mine),
    with_access(write_mine("POST", "/v1/invitations/accept", accept_invitation), Access::invited),

    with_name_only(get(organization, organization_read, get_organization)),
    write("PATCH", organization, organization_write, change_organization),
    get(billing, billing_read, get_billing),
    write("PATCH", billing, billing_write, change_billing),
    list(members, members_read, list_members),
    get(member, members_read, get_member),
    write("PATCH", member, members_manage_roles, change_member),
    write("DELETE", member, members_remove, remove_member_of),
    with_access(write_mine("POST", "/v1/organizations/{org}/leave", leave_organization),
                Access::member),
    list(invitations, members_invite, list_invitations),
    write("POST", invitations, members_invite, add_invitation),
    get(invitation, members_invite, get_invitation),
    write("DELETE", invitation, members_invite, remove_invitation),
    list(projects, projects_read, list_projects),
    write("POST", projects, projects_create, add_project),
    list("/v1/organizations/{org}/audit", organization_write, list_audit),

    get(project, project_read, get_project),
    write("PATCH", project, project_write, change_project),
    write("DELETE", project, project_write, remove_project),
    with_access(write("POST", "/v1/projects/{proj}/join", collaborators_add, join_project),
                Access::join),
    write("POST", "/v1/projects/{proj}/leave", project_read, leave_project),
    list(roster, collaborators_read, get_roster, {"include"}),
    write("POST", roster, collaborators_add, add_collaborator),
    get(collaborator, collaborators_read, get_collaborator),
    write("PATCH", collaborator, collaborators_manage_roles, change_collaborator),
    write("DELETE", collaborator, collaborators_remove, remove_collaborator),
    list(project_invitations, collaborators_add, list_invitations),
    get(project_invitation, collaborators_add, get_invitation),
    write("DELETE", project_invitation, collaborators_add, remove_invitation),
    list(api_keys, api_keys_read, list_api_keys),
    write("POST", api_keys, api_keys_create, add_api_key),
    get(api_key, api_keys_read, get_api_key),
    write("DELETE", api_key, api_keys_revoke, remove_api_key),
    list(node_keys, project_write, list_node_keys),
    write("POST", node_keys, project_write, add_node_key),
    get(node_key, project_write, get_node_key),
    write("DELETE", node_key, project_write, remove_node_key),
    list("/v1/projects/{proj}/nodes", project_read, list_nodes, {"revision"}),
    told("/v1/projects/{proj}/last_seen", report_last_seen),
    list("/v1/projects/{proj}/access_review", project_write, review_access, {"format", "since"}),
});

void keep(PathIds& ids, std::string_view placeholder, const std::string& segment) {
    if (placeholder == "{org}") ids.organization = segment;
    if (placeholder == "{proj}") ids.project = segment;
    if (placeholder == "{user}") ids.user = segment;
    if (placeholder == "{key}") ids.key = segment;
    if (placeholder == "{inv}") ids.invitation = segment;
    if (placeholder == "{action}") ids.action = segment;
}

using Segments = std::vector<std::string>;

std::optional<PathIds> match_path(std::string_view pattern, const Segments& segments) {
    PathIds ids;
    for (const auto& segment : segments) {
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

// As they were sent: what is no path of ours is none in any spelling.
Segments raw_segments(std::string_view path) {
    Segments segments;
    while (path.starts_with('/')) {
        path.remove_prefix(1);
        segments.emplace_back(path.substr(0, path.find('/')));
        path.remove_prefix(segments.back().size());
    }
    return path.empty() ? segments : Segments();
}

const Route* find_route(std::string_view method, std::string_view target) {
    const auto segments = raw_segments(target.substr(0, target.find('?')));
    for (const auto& route : table)
        if (route.method == method && match_path(route.path, segments)) return &route;
    return nullptr;
}

}  // namespace

std::span<const Route> routes() {
    return table;
}

Outcome<Match> match(std::string_view method, const Uri& uri) {
    for (const auto& route : table) {
        if (route.method != method) continue;
        if (const auto ids = match_path(route.path, uri.segments)) return Match{&route, *ids};
    }
    if (methods_of(uri).empty()) return not_found("resource");
    return other(405, "method_not_allowed",
                 "This resource has no such method; it has " + methods_of(uri) + ".");
}

Work work_of(std::string_view method, std::string_view target) {
    const auto* route = find_route(method, target);
    return route != nullptr ? route->work : Work::read;
}

bool takes_long_body(std::string_view method, std::string_view target) {
    const auto* route = find_route(method, target);
    return route != nullptr && route->takes_long_body;
}

std::string route_of(std::string_view method, std::string_view target) {
    const auto* route = find_route(method, target);
    return route != nullptr ? std::string(route->method) + ' ' + std::string(route->path) : "none";
}

std::string methods_of(const Uri& uri) {
    std::string methods;
    for (const auto& route : table)
        if (match_path(route.path, uri.segments))
            methods += (methods.empty() ? "" : ", ") + std::string(route.method);
    return methods;
}

}  // namespace together::roled
