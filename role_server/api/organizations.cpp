// SPDX-License-Identifier: Apache-2.0
#include "role_server/model/organizations.h"

#include "role_server/api/body.h"
#include "role_server/api/rendering.h"
#include "role_server/api/resources.h"
#include "role_server/base/validation.h"

namespace together::roled {
namespace {

Json::Value name_of(const Organization& organization) {
    Json::Value value;
    value["object"] = "organization";
    value["id"] = organization.id;
    value["name"] = organization.name;
    return value;
}

Json::Value to_json(Store& store, const Organization& organization) {
    auto value = name_of(organization);
    value["owner_id"] = organization.owner_id;
    value["default_project_id"] = organization.default_project_id;
    value["external_collaborators"] = organization.external_collaborators;
    value["allocate_uids"] = organization.allocate_uids;
    value["first_id"] = json_number(organization.ids.first);
    value["last_id"] = json_number(organization.ids.last);
    value["reserved_logins"] = json_list(reserved_logins(store, organization.id));
    value["created_at"] = json_number(organization.created_at);
    return value;
}

Json::Value billing_of(const Organization& organization) {
    Json::Value value;
    value["object"] = "organization.billing";
    value["organization_id"] = organization.id;
    value["contact_email"] = json_or_null(organization.billing_email);
    return value;
}

}  // namespace

Outcome<Response> get_organization(RequestContext& context) {
    const auto organization = find_organization(context.store, context.ids.organization);
    if (!organization) return not_found("organization");
    const bool name_only = context.verdict == Authorization::Verdict::name_only;
    return json_response(
        200, name_only ? name_of(*organization) : to_json(context.store, *organization));
}

Outcome<Response> change_organization(RequestContext& context, Change& change) {
    auto organization = find_organization(context.store, context.ids.organization);
    if (!organization) return not_found("organization");
    Body body(context.request, {"name", "external_collaborators", "allocate_uids", "first_id",
                                "last_id", "reserved_logins"});
    const auto name = body.name();
    const auto external = body.flag("external_collaborators");
    const auto allocate = body.flag("allocate_uids");
    const auto first = body.number("first_id");
    const auto last = body.number("last_id");
    const auto logins = body.texts("reserved_logins");
    body.require_something();
    if (body.is_wrong()) return body.refusal();
    const auto before = to_json(context.store, *organization);
    organization->name = name.value_or(organization->name);
    organization->external_collaborators = external.value_or(organization->external_collaborators);
    organization->allocate_uids = allocate.value_or(organization->allocate_uids);
    const auto ids = checked_id_range(
        {first.value_or(organization->ids.first), last.value_or(organization->ids.last)});
    if (!ids) return tl::unexpected(ids.error());
    organization->ids = *ids;
    if (logins)
        if (auto set = set_reserved_logins(change, organization->id, *logins); !set)
            return tl::unexpected(set.error());
    if (auto updated = update_organization(change, *organization); !updated)
        return tl::unexpected(updated.error());
    const auto after = to_json(context.store, *organization);
    record_change(context, change, organization->id, before, after);
    return json_response(200, after);
}

Outcome<Response> get_billing(RequestContext& context) {
    const auto organization = find_organization(context.store, context.ids.organization);
    if (!organization) return not_found("organization");
    return json_response(200, billing_of(*organization));
}

Outcome<Response> change_billing(RequestContext& context, Change& change) {
    auto organization = find_organization(context.store, context.ids.organization);
    if (!organization) return not_found("organization");
    Body body(context.request, {"contact_email"});
    const auto email = body.required_text("contact_email");
    if (body.is_wrong()) return body.refusal();
    const auto checked = checked_email(email);
    if (!checked) return bad_request("invalid_email", checked.error().message, "contact_email");
    const auto before = billing_of(*organization);
    organization->billing_email = *checked;
    if (auto updated = update_organization(change, *organization); !updated)
        return tl::unexpected(updated.error());
    const auto after = billing_of(*organization);
    record_change(context, change, organization->id, before, after);
    return json_response(200, after);
}

}  // namespace together::roled
