// SPDX-License-Identifier: Apache-2.0
#include "role_server/server/admission.h"

#include <algorithm>

#include "role_server/access/role_lookup.h"
#include "role_server/api/question.h"

namespace together::roled {
namespace {

using Verdict = Authorization::Verdict;

Outcome<void> find_target(RequestContext& context) {
    const auto& ids = context.ids;
    auto target =
        ids.project.empty()
            ? target_organization(context.store, context.actor, ids.organization, context.now)
            : target_project(context.store, context.actor, ids.project, context.now);
    if (!target) return tl::unexpected(target.error());
    context.target = std::move(*target);
    return {};
}

Outcome<void> verdict_of(const Authorization& decision, const Route& route,
                         RequestContext& context) {
    context.verdict = decision.verdict;
    if (decision.verdict == Verdict::allowed) return {};
    if (decision.verdict == Verdict::name_only && route.name_only) return {};
    if (decision.verdict == Verdict::hidden)
        return not_found(context.ids.project.empty() ? "organization" : "project");
    const auto level =
        route.access == Access::action ? permission(route.action).level : Level::project;
    return denial_of(context, decision, level);
}

// Whoever runs a cluster or a service gets to see the tokens that are for it.
Outcome<void> require_audience(const RequestContext& context, const Route& route) {
    if (context.actor.audience_id.empty() || route.access == Access::bearer) return {};
    return forbidden("This token is for the cluster and services of project " +
                     context.actor.audience_id + " and does nothing here.");
}

std::string parameters_of(const Route& route) {
    std::string text = route.paged ? "limit, after" : "";
    for (const auto name : {route.parameters[0], route.parameters[1],
                            std::string_view(route.change ? "dry_run" : "")})
        if (!name.empty()) text += (text.empty() ? "" : ", ") + std::string(name);
    return text.empty() ? "none" : text;
}

}  // namespace

Outcome<void> authorize_request(RequestContext& context, const Route& route) {
    if (auto right = require_audience(context, route); !right) return right;
    switch (route.access) {
        case Access::alive:
        case Access::anybody:
        case Access::any_key:
            return {};
        case Access::invited:
        case Access::own_profile:
            return verdict_of(allowed_own_profile(context.actor), route, context);
        case Access::member:
            if (auto own = verdict_of(allowed_own_profile(context.actor), route, context); !own)
                return own;
            return find_target(context);
        case Access::bearer:
            return find_target(context);
        case Access::node:
            if (auto found = find_target(context); !found) return found;
            return verdict_of(allowed_to_report(context.actor, context.target), route, context);
        case Access::join:
            if (auto found = find_target(context); !found) return found;
            return verdict_of(allowed_to_join(context.actor, context.target), route, context);
        case Access::action:
            break;
    }
    if (auto found = find_target(context); !found) return found;
    return verdict_of(allowed(context.actor, route.action, context.target), route, context);
}

Outcome<void> read_parameters(RequestContext& context, const Route& route) {
    for (const auto& [name, value] : context.uri.query) {
        const bool known = (route.paged && (name == "limit" || name == "after")) ||
                           (!name.empty() && std::ranges::count(route.parameters, name) > 0) ||
                           (route.change != nullptr && name == "dry_run");
        if (!known)
            return bad_request("unknown_parameter",
                               "There is no parameter '" + name +
                                   "' here. Parameters: " + parameters_of(route) + ".",
                               name);
    }
    if (!route.paged) return {};
    auto page = page_of(context.uri);
    if (!page) return tl::unexpected(page.error());
    context.page = std::move(*page);
    return {};
}

Outcome<bool> wants_dry_run(const RequestContext& context) {
    const auto value = parameter(context.uri, "dry_run");
    if (!value || *value == "false") return false;
    if (*value == "true") return true;
    return bad_request("invalid_parameter", "'dry_run' is true or false.", "dry_run");
}

}  // namespace together::roled
