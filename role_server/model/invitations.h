// SPDX-License-Identifier: Apache-2.0
// Invitations into an organization, or into one project of it: how somebody gets in who has to
// consent. All in the caller's transaction.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "common/roles/permissions.h"
#include "role_server/access/credentials.h"
#include "role_server/base/errors.h"
#include "role_server/model/change.h"
#include "role_server/model/users.h"
#include "role_server/store/store.h"

namespace together::roled {

struct Invitation {
    std::string id, organization_id;
    std::optional<std::string> project_id;    // none: into the organization
    std::optional<std::string> email, login;  // exactly one
    Role role = Role::member;
    std::string created_by;
    std::int64_t created_at = 0, expires_at = 0;
    std::optional<std::int64_t> until;  // of what it gives
};

// Those that can still be accepted, in ascending order of id, at most `limit`, from the one after
// `after`. Of the organization itself, or of one of its projects.
void for_each_invitation(Store& store, const std::string& organization_id,
                         const std::optional<std::string>& project_id, std::int64_t now,
                         const std::string& after, std::size_t limit,
                         const std::function<void(const Invitation&)>& visit);
std::optional<Invitation> find_invitation(Store& store, const std::string& organization_id,
                                          const std::optional<std::string>& project_id,
                                          const std::string& invitation_id, std::int64_t now);

// Holds for seven days. The secret is shown once. 409 too_many_invitations.
Outcome<NewKey> create_invitation(Change& change, Invitation& wanted);
void revoke_invitation(Change& change, const std::string& invitation_id);
// What somebody who has lost a role there may invite to no longer: it must not live again when they
// get the role back.
void revoke_invitations_lost(Change& change, const std::string& organization_id,
                             const std::string& user_id);

// Whether the account was made by accepting one: then its address is what the inviter wrote, and
// whoever held the secret is behind it.
bool came_by_invitation(Store& store, const User& user);

// The one that the token opens, with its secret checked; an error for what is used up, revoked,
// over, or was made by somebody who may no longer invite.
Outcome<Invitation> invitation_of(Store& store, const std::string& token, std::int64_t now);

// Once. `user` is the one that it is for. 409 no_external_collaborators, and as add_member() and
// add_to_project().
Outcome<void> accept(Change& change, const Invitation& invitation, const User& user);

}  // namespace together::roled
