// SPDX-License-Identifier: Apache-2.0
// Organizations and what their Admins set. All in the caller's transaction.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "role_server/base/errors.h"
#include "role_server/model/change.h"
#include "role_server/model/posix_ids.h"
#include "role_server/store/store.h"

namespace together::roled {

struct Organization {
    std::string id, name, owner_id, default_project_id;
    bool external_collaborators = false;  // may people who are no members be added to projects?
    bool allocate_uids = false;           // does the authority give uids to those who have none?
    IdRange ids;
    std::optional<std::string> billing_email;
    std::int64_t created_at = 0;
};

std::optional<Organization> find_organization(Store& store, const std::string& id);
// All of that name: two may bear the same.
std::vector<Organization> organizations_named(Store& store, const std::string& name);
std::vector<Organization> all_organizations(Store& store);

// With its Default Project; the owner is the Admin of both.
Outcome<Organization> create_organization(Change& change, const std::string& name,
                                          const std::string& owner_id);

// Writes name, switches, range and billing contact. Where uids are allocated from now on, everybody
// who has none gets one: 409 ids_exhausted.
Outcome<void> update_organization(Change& change, const Organization& organization);

// Another member becomes the Owner, and its Admin; the one that was stays an Admin. 404 for who is
// no member; 409 not_permanent for who is suspended or is one until some time.
Outcome<void> move_ownership(Change& change, const Organization& organization,
                             const std::string& user_id);

// 403 where somebody would move their own end to later or take it away, be it of their membership
// or of a role in a project: another Admin does. The Owner may.
Outcome<void> require_not_own_end(const Change& change, const Organization& organization,
                                  const std::string& user_id,
                                  const std::optional<std::int64_t>& before,
                                  const std::optional<std::int64_t>& after);

// 403 where an Admin would change the Owner's login or uid, which `what` names; the operator may.
Outcome<void> require_not_the_owners(const Change& change, const Organization& organization,
                                     const std::string& user_id, const std::string& what);

// Logins that nobody of the organization may take. Without regard to case, in ascending order. At
// most 1,000; 400 for what is no login.
std::vector<std::string> reserved_logins(Store& store, const std::string& organization_id);
Outcome<void> set_reserved_logins(Change& change, const std::string& organization_id,
                                  const std::vector<std::string>& logins);

}  // namespace together::roled
