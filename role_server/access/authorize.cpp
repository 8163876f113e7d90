// SPDX-License-Identifier: Apache-2.0
#include "role_server/access/authorize.h"

#include <utility>

namespace together::roled {
namespace {

using Verdict = Authorization::Verdict;

std::string roles_in_words(Action action) {
    const auto& row = permission(action);
    const std::string where =
        row.level == Level::organization ? "of the organization" : "of the project";
    return row.member ? "an Admin or Member " + where : "an Admin " + where;
}

Authorization denied(Action action, std::string_view standing) {
    const auto& row = permission(action);
    return {Verdict::denied,
            "'" + std::string(row.title) + "' (" + std::string(row.name) + ") needs " +
                roles_in_words(action) + "; " + std::string(standing) + ".",
            roles_that_may(action)};
}

Authorization by_role(Role role, Action action) {
    if (permits(role, action)) return {Verdict::allowed, {}, {}};
    return denied(action, role == Role::admin ? "you are Admin" : "you are Member");
}

Authorization in_organization(Action action, const Standing& standing) {
    if (standing.organization_role) return by_role(*standing.organization_role, action);
    if (standing.suspended) return denied(action, "your membership is suspended");
    if (!standing.in_some_project) return {Verdict::hidden, {}, {}};
    auto decision = denied(action, "you are an external collaborator");
    if (action == Action::organization_read) decision.verdict = Verdict::name_only;
    return decision;
}

Authorization in_project(Action action, const Standing& standing) {
    if (standing.project_role) return by_role(*standing.project_role, action);
    if (standing.suspended) return denied(action, "your membership is suspended");
    // Members see the list of projects, so that this one exists is no secret to them.
    if (standing.organization_role && permits(*standing.organization_role, Action::projects_read))
        return denied(action, "you are no collaborator of it");
    return {Verdict::hidden, {}, {}};
}

// A key of one project: what it may do there, and nothing elsewhere. `roles`: of people who may.
Authorization by_key(const Actor& actor, const Target& target, bool may, const char* otherwise,
                     std::vector<Role> roles) {
    if (target.project_id != actor.project_id) return {Verdict::hidden, {}, {}};
    if (may) return {Verdict::allowed, {}, {}};
    return {Verdict::denied, otherwise, std::move(roles)};
}

}  // namespace

std::string_view word_for(RoleSource source) {
    switch (source) {
        case RoleSource::project:
            return "project";
        case RoleSource::organization_admin:
            return "organization_admin";
        case RoleSource::external:
            return "external";
    }
    return "";
}

RoleSource source_named(std::string_view word) {
    for (const auto source : {RoleSource::external, RoleSource::organization_admin})
        if (word == word_for(source)) return source;
    return RoleSource::project;
}

std::vector<Role> roles_that_may(Action action) {
    std::vector<Role> roles;
    for (const auto role : {Role::admin, Role::member})
        if (permits(role, action)) roles.push_back(role);
    return roles;
}

Refusal refusal_of(const Authorization& denial) {
    auto refusal = forbidden(denial.reason);
    for (const auto role : denial.allowed_roles)
        refusal.value().allowed_roles.emplace_back(name_of(role));
    return refusal;
}

Authorization allowed_person(Action action, const Standing& standing) {
    return permission(action).level == Level::organization ? in_organization(action, standing)
                                                           : in_project(action, standing);
}

Authorization allowed(const Actor& actor, Action action, const Target& target) {
    switch (actor.kind) {
        case Actor::Kind::person:
            return allowed_person(action, target.standing);
        case Actor::Kind::node:
            return by_key(
                actor, target, action == Action::collaborators_read,
                "A node key reads its project's roster and tells whom its nodes let in; it does "
                "nothing else.",
                roles_that_may(action));
        case Actor::Kind::project_key:
            break;
    }
    return by_key(actor, target, actor.scopes.allows(action),
                  "This project API key has no scope for that.", roles_that_may(action));
}

Authorization allowed_own_profile(const Actor& actor) {
    if (actor.kind == Actor::Kind::person) return {Verdict::allowed, {}, {}};
    return {Verdict::denied, "This key belongs to a project, not to a person.", {}};
}

Authorization allowed_to_join(const Actor& actor, const Target& target) {
    if (actor.kind == Actor::Kind::person && target.standing.organization_role == Role::admin)
        return {Verdict::allowed, {}, {}};
    return allowed(actor, Action::collaborators_add, target);
}

Authorization allowed_to_report(const Actor& actor, const Target& target) {
    constexpr auto otherwise = "Only the project's nodes tell this: send a node key of it.";
    if (actor.kind != Actor::Kind::person)
        return by_key(actor, target, actor.kind == Actor::Kind::node, otherwise, {});
    const auto seen = allowed_person(Action::project_read, target.standing);
    if (seen.verdict == Verdict::hidden) return seen;
    return {Verdict::denied, otherwise, {}};
}

bool may_ask_about_others(const Actor& actor, const Target& target) {
    if (actor.kind == Actor::Kind::project_key)
        return actor.project_id == target.project_id && actor.scopes.allows_authorize();
    const auto list = target.project_id.empty() ? Action::members_read : Action::collaborators_read;
    return actor.kind == Actor::Kind::person &&
           allowed(actor, list, target).verdict == Verdict::allowed;
}

}  // namespace together::roled
