// SPDX-License-Identifier: Apache-2.0
// May this actor do this to that? One function decides it for every operation, from the tables that
// the nodes use too. Pure: whoever asks has looked up the roles.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/roles/permissions.h"
#include "role_server/access/authenticate.h"
#include "role_server/base/errors.h"

namespace together::roled {

// Why somebody's role in a project is what it is.
enum class RoleSource { project, organization_admin, external };
std::string_view word_for(RoleSource source);
// As the view effective_roles has it.
RoleSource source_named(std::string_view word);

// Where somebody stands in an organization and in one of its projects.
struct Standing {
    std::optional<Role> organization_role;  // none: no member, or suspended
    bool suspended = false;                 // a member whose roles are set aside
    // The effective one. None: no collaborator, whatever the roles in the organization.
    std::optional<Role> project_role;
    RoleSource source = RoleSource::project;
    // In one of the organization's projects, whichever.
    bool in_some_project = false;
};

// The organization or project that an operation is about, and where the actor stands in it.
struct Target {
    std::string organization_id;
    std::string project_id;  // empty where it is about the organization
    Standing standing;
};

struct Authorization {
    enum class Verdict {
        allowed,
        name_only,  // external collaborators see of the organization its name and nothing else
        denied,     // may know that it exists
        hidden,     // may not: answered like something that does not exist
    };
    Verdict verdict;
    std::string reason;               // of a denial; names the role that would do
    std::vector<Role> allowed_roles;  // of a denial; empty where no role would do
};

// Whom the permission tables let do it.
std::vector<Role> roles_that_may(Action action);

// A denial as a 403, with the roles that would be allowed.
Refusal refusal_of(const Authorization& denial);

Authorization allowed(const Actor& actor, Action action, const Target& target);

// The same about somebody who is not the one that asks.
Authorization allowed_person(Action action, const Standing& standing);

// Everybody's own profile: theirs to read and change. Keys that belong to nobody have none.
Authorization allowed_own_profile(const Actor& actor);

// Admins of an organization take part in any of its projects that they want to; others are added.
Authorization allowed_to_join(const Actor& actor, const Target& target);

// Nodes alone say whom they let in, each of its own project.
Authorization allowed_to_report(const Actor& actor, const Target& target);

// May it ask what others may do? People may where they may read the list of the others.
bool may_ask_about_others(const Actor& actor, const Target& target);

}  // namespace together::roled
