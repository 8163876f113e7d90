// SPDX-License-Identifier: Apache-2.0
// Where an actor stands: the roles that authorize.h decides from, looked up.
#pragma once

#include <optional>
#include <string>

#include "role_server/access/authenticate.h"
#include "role_server/access/authorize.h"
#include "role_server/base/errors.h"
#include "role_server/store/store.h"

namespace together::roled {

// 404 where there is no such organization or project.
Outcome<Target> target_organization(Store& store, const Actor& actor,
                                    const std::string& organization_id);
Outcome<Target> target_project(Store& store, const Actor& actor, const std::string& project_id);

std::optional<Role> organization_role(Store& store, const std::string& organization_id,
                                      const std::string& user_id);

}  // namespace together::roled
