// SPDX-License-Identifier: Apache-2.0
// Where somebody stands: the roles that authorize.h decides from, looked up. All of it is read from
// the view effective_roles and from members; what has ended by itself counts no more, also before
// it is removed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "role_server/access/authenticate.h"
#include "role_server/access/authorize.h"
#include "role_server/base/errors.h"
#include "role_server/store/store.h"

namespace together::roled {

// 404 where there is no such organization or project. `now` in seconds.
Outcome<Target> target_organization(Store& store, const Actor& actor,
                                    const std::string& organization_id, std::int64_t now);
Outcome<Target> target_project(Store& store, const Actor& actor, const std::string& project_id,
                               std::int64_t now);

// In the organization, and in the project unless that is empty.
Standing standing_of(Store& store, const std::string& organization_id,
                     const std::string& project_id, const std::string& user_id, std::int64_t now);

// Up to three who have the role of an Admin, as a person would name them: for those who are
// refused.
std::vector<std::string> admins_to_ask(Store& store, const Target& target, Level level,
                                       std::int64_t now);

}  // namespace together::roled
