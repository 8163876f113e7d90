// SPDX-License-Identifier: Apache-2.0
#include "role_server/access/authorize.h"

namespace together::roled {
namespace {

using Verdict = Authorization::Verdict;

std::string with_capital(std::string_view word) {
    std::string text(word);
    if (!text.empty() && text[0] >= 'a' && text[0] <= 'z')
        text[0] = static_cast<char>(text[0] - 'a' + 'A');
    return text;
}

std::string roles_that_may(Action action) {
    const auto& row = permission(action);
    const std::string where =
        row.level == Level::organization ? "of the organization" : "of the project";
    return row.member ? "an Admin or Member " + where : "an Admin " + where;
}

std::string denial(Action action, const std::string& standing) {
    const auto& row = permission(action);
    return "'" + std::string(row.title) + "' (" + std::string(row.name) + ") needs " +
           roles_that_may(action) + "; " + standing + ".";
}

Authorization by_role(Role role, Action action) {
    if (permits(role, action)) return {Verdict::allowed, {}};
    return {Verdict::denied, denial(action, "you are " + with_capital(name_of(role)))};
}

Authorization in_organization(Action action, const Target& target) {
    if (target.organization_role) return by_role(*target.organization_role, action);
    if (!target.in_some_project) return {Verdict::hidden, {}};
    const auto reason = denial(action, "you are an external collaborator");
    return {action == Action::organization_read ? Verdict::name_only : Verdict::denied, reason};
}

Authorization in_project(Action action, const Target& target) {
    if (target.project_role) return by_role(*target.project_role, action);
    // Members see the list of projects, so that this one exists is no secret to them.
    if (target.organization_role && permits(*target.organization_role, Action::projects_read))
        return {Verdict::denied, denial(action, "you are no collaborator of it")};
    return {Verdict::hidden, {}};
}

Authorization for_node(const Actor& actor, Action action, const Target& target) {
    if (target.project_id != actor.project_id) return {Verdict::hidden, {}};
    if (action == Action::collaborators_read) return {Verdict::allowed, {}};
    return {Verdict::denied, "A node key reads its project's roster and does nothing else."};
}

}  // namespace

Authorization allowed(const Actor& actor, Action action, const Target& target) {
    switch (actor.kind) {
        case Actor::Kind::person:
            return permission(action).level == Level::organization ? in_organization(action, target)
                                                                   : in_project(action, target);
        case Actor::Kind::node:
            return for_node(actor, action, target);
        case Actor::Kind::project_key:
            break;
    }
    return {Verdict::denied, "Project API keys have no scope for this."};
}

Authorization allowed_own_profile(const Actor& actor) {
    if (actor.kind == Actor::Kind::person) return {Verdict::allowed, {}};
    return {Verdict::denied, "This key belongs to a project, not to a person."};
}

}  // namespace together::roled
