// SPDX-License-Identifier: Apache-2.0
#include "role_server/model/organizations.h"

#include "role_server/api/resources.h"
#include "role_server/base/validation.h"
#include "role_server/messages/json.h"

namespace together::roled {
namespace {

Json::Value to_json(const Organization& organization, bool name_only) {
    Json::Value value;
    value["object"] = "organization";
    value["id"] = organization.id;
    value["name"] = organization.name;
    if (name_only) return value;
    value["owner_id"] = organization.owner_id;
    value["default_project_id"] = organization.default_project_id;
    value["external_collaborators"] = organization.external_collaborators;
    value["allocate_uids"] = organization.allocate_uids;
    value["created_at"] = static_cast<Json::Int64>(organization.created_at);
    return value;
}

Json::Value to_json(const Project& project) {
    Json::Value value;
    value["object"] = "project";
    value["id"] = project.id;
    value["organization_id"] = project.organization_id;
    value["name"] = project.name;
    value["revision"] = static_cast<Json::Int64>(project.revision);
    value["created_at"] = static_cast<Json::Int64>(project.created_at);
    return value;
}

Outcome<void> apply(Organization& organization, const Json::Value& body) {
    const auto name = text_field(body, "name");
    if (!name) return tl::unexpected(name.error());
    const auto external = flag_field(body, "external_collaborators");
    if (!external) return tl::unexpected(external.error());
    const auto allocate = flag_field(body, "allocate_uids");
    if (!allocate) return tl::unexpected(allocate.error());
    if (*name) {
        const auto checked = checked_name(**name, "name");
        if (!checked) return tl::unexpected(checked.error());
        organization.name = *checked;
    }
    organization.external_collaborators = external->value_or(organization.external_collaborators);
    organization.allocate_uids = allocate->value_or(organization.allocate_uids);
    return {};
}

}  // namespace

Outcome<Response> get_organization(RequestContext& context) {
    const auto organization = find_organization(context.store, context.ids.organization);
    if (!organization) return not_found("organization");
    return json_response(
        200, to_json(*organization, context.verdict == Authorization::Verdict::name_only));
}

Outcome<Response> change_organization(RequestContext& context) {
    auto organization = find_organization(context.store, context.ids.organization);
    if (!organization) return not_found("organization");
    const auto body = body_of(context.request, {"name", "external_collaborators", "allocate_uids"});
    if (!body) return tl::unexpected(body.error());
    const auto before = to_json(*organization, false);
    if (auto applied = apply(*organization, *body); !applied)
        return tl::unexpected(applied.error());
    update_organization(context.store, *organization);
    const auto after = to_json(*organization, false);
    record_change(context, organization->id, before, after);
    return json_response(200, after);
}

Outcome<Response> list_projects(RequestContext& context) {
    const auto page = page_of(context.uri);
    if (!page) return tl::unexpected(page.error());
    Json::Value data(Json::arrayValue);
    std::optional<std::string> next;
    for_each_project(context.store, context.ids.organization, page->after, page->limit + 1,
                     [&](const Project& one) {
                         if (data.size() < page->limit) {
                             data.append(to_json(one));
                         } else {
                             next = data[data.size() - 1]["id"].asString();
                         }
                     });
    return json_response(200, list_of(std::move(data), next));
}

Outcome<Response> add_project(RequestContext& context) {
    const auto body = body_of(context.request, {"name"});
    if (!body) return tl::unexpected(body.error());
    auto name = required_text(*body, "name");
    if (name) name = checked_name(*name, "name");
    if (!name) return tl::unexpected(name.error());
    const auto project =
        create_project(context.store, context.ids.organization, *name, context.actor.user_id);
    if (!project) return tl::unexpected(project.error());
    const auto value = to_json(*project);
    record_change(context, project->id, {}, value);
    return json_response(201, value);
}

Outcome<Response> get_project(RequestContext& context) {
    const auto project = find_project(context.store, context.ids.project);
    if (!project) return not_found("project");
    return json_response(200, to_json(*project));
}

}  // namespace together::roled
