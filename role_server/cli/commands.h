// SPDX-License-Identifier: Apache-2.0
// The subcommands that work on the database directly, with or without a server running on it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/roles/permissions.h"
#include "common/system/result.h"

namespace together::roled {

struct InitOptions {
    std::string db, organization, owner_email;
    std::optional<std::string> owner_login;
};

struct UserOptions {
    std::string db, organization;  // its id or its name
    std::string email;
    std::optional<std::string> login;
    std::optional<std::int64_t> uid;
    Role role = Role::member;
};

// Both return what to print: lines of name=value. The token stands there and nowhere else.
Result<std::string> init(const InitOptions& options);
Result<std::string> add_user(const UserOptions& options);

}  // namespace together::roled
