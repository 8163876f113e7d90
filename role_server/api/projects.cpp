// SPDX-License-Identifier: Apache-2.0
#include "role_server/model/projects.h"

#include "role_server/api/body.h"
#include "role_server/api/rendering.h"
#include "role_server/api/resources.h"
#include "role_server/model/collaborators.h"
#include "role_server/model/organizations.h"
#include "role_server/model/posix_ids.h"

namespace together::roled {
namespace {

Json::Value to_json(Store& store, const Project& project) {
    Json::Value value;
    value["object"] = "project";
    value["id"] = project.id;
    value["organization_id"] = project.organization_id;
    value["name"] = project.name;
    value["group"] = project.group;
    value["gid"] =
        json_or_null(posix_id(store, project.organization_id, IdKind::group, project.id));
    value["admin_gid"] =
        json_or_null(posix_id(store, project.organization_id, IdKind::admin_group, project.id));
    value["revision"] = json_number(project.revision);
    value["created_at"] = json_number(project.created_at);
    return value;
}

// The revision counts the changes of the roster: it is no change of its own.
Json::Value for_the_trail(Json::Value project) {
    project.removeMember("revision");
    return project;
}

}  // namespace

Outcome<Response> list_projects(RequestContext& context) {
    PageOf page(context.page);
    // One statement at a time: the ids of a project are looked up behind the loop.
    std::vector<Project> projects;
    for_each_project(context.store, context.ids.organization, context.page.after, page.wanted(),
                     [&](const Project& one) { projects.push_back(one); });
    for (const auto& one : projects) page.add(to_json(context.store, one), one.id);
    return page.answer();
}

Outcome<Response> add_project(RequestContext& context, Change& change) {
    Body body(context.request, {"name", "group"});
    Project wanted;
    wanted.organization_id = context.ids.organization;
    wanted.name = body.required_name();
    wanted.group = body.text("group").value_or("");
    if (body.is_wrong()) return body.refusal();
    const auto project = create_project(change, wanted, context.actor.user_id);
    if (!project) return tl::unexpected(project.error());
    const auto value = to_json(context.store, *project);
    record_change(context, change, project->id, {}, for_the_trail(value));
    return made_at("/v1/projects/" + project->id, value);
}

Outcome<Response> get_project(RequestContext& context) {
    const auto project = find_project(context.store, context.ids.project);
    if (!project) return not_found("project");
    return json_response(200, to_json(context.store, *project));
}

Outcome<Response> change_project(RequestContext& context, Change& change) {
    const auto project = find_project(context.store, context.ids.project);
    if (!project) return not_found("project");
    Body body(context.request, {"name", "group"});
    const auto name = body.name();
    const auto group = body.text("group");
    body.require_something();
    if (body.is_wrong()) return body.refusal();
    auto wanted = *project;
    wanted.name = name.value_or(project->name);
    wanted.group = group.value_or(project->group);
    if (auto updated = update_project(change, *project, wanted); !updated)
        return tl::unexpected(updated.error());
    const auto after = to_json(context.store, wanted);
    record_change(context, change, project->id, for_the_trail(to_json(context.store, *project)),
                  for_the_trail(after));
    return json_response(200, after);
}

Outcome<Response> remove_project(RequestContext& context, Change& change) {
    const auto project = find_project(context.store, context.ids.project);
    if (!project) return not_found("project");
    const auto before = for_the_trail(to_json(context.store, *project));
    if (auto deleted = delete_project(change, *project); !deleted)
        return tl::unexpected(deleted.error());
    record_change(context, change, project->id, before, {});
    return no_content();
}

Outcome<Response> join_project(RequestContext& context, Change& change) {
    Body body(context.request, {});
    if (body.is_wrong()) return body.refusal();
    const auto& user_id = context.actor.user_id;
    const auto organization = find_organization(context.store, context.target.organization_id);
    if (!organization) return not_found("organization");
    if (auto added =
            add_to_project(change, *organization, context.ids.project, user_id, Role::member);
        !added)
        return tl::unexpected(added.error());
    const auto value = to_json(*find_collaborator(context.store, context.ids.project, user_id));
    record_change(context, change, context.ids.project + "/" + user_id, {}, value);
    return made_at("/v1/projects/" + context.ids.project + "/collaborators/" + user_id, value);
}

Outcome<Response> leave_project(RequestContext& context, Change& change) {
    Body body(context.request, {});
    if (body.is_wrong()) return body.refusal();
    if (context.actor.user_id.empty())
        return forbidden("Only people join and leave a project; this key belongs to it.");
    return take_out_of_project(context, change, context.actor.user_id);
}

}  // namespace together::roled
