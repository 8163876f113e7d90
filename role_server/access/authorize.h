// SPDX-License-Identifier: Apache-2.0
// May this actor do this, there? One function decides it for every operation, from the tables that
// the nodes use too. Pure: whoever asks has looked up the roles.
#pragma once

#include <optional>
#include <string>

#include "common/roles/permissions.h"
#include "role_server/access/authenticate.h"

namespace together::roled {

// The organization or project that an operation is about, and where the actor stands in it.
struct Target {
    std::string organization_id;
    std::string project_id;                 // empty where it is about the organization
    std::optional<Role> organization_role;  // none: no member
    // The effective one: an organization Admin who is in the project is its Admin. None: no
    // collaborator, whatever the actor is in the organization.
    std::optional<Role> project_role;
    // In one of the organization's projects, whichever.
    bool in_some_project = false;
};

struct Authorization {
    enum class Verdict {
        allowed,
        name_only,  // external collaborators see of the organization its name and nothing else
        denied,     // may know that it exists
        hidden,     // may not: answered like something that does not exist
    };
    Verdict verdict;
    std::string reason;  // of a denial; names the role that would do
};

Authorization allowed(const Actor& actor, Action action, const Target& target);

// Everybody's own profile: theirs to read and change. Keys that belong to nobody have none.
Authorization allowed_own_profile(const Actor& actor);

}  // namespace together::roled
