// SPDX-License-Identifier: Apache-2.0
// What may be a login, an address, a name. Pure and thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "role_server/base/errors.h"

namespace together::roled {

// The key under which logins and addresses are unique: without regard to (ASCII) case.
std::string without_case(std::string_view text);

// The login itself where it may be taken: [A-Za-z0-9_][A-Za-z0-9_.-]{0,31}, not only digits (tools
// would read it as a uid), and not the name of an account that systems bring along: whoever picked
// "ubuntu" would be let into that account.
Outcome<std::string> checked_login(std::string login);

Outcome<std::string> checked_email(std::string email);

// A name for people: 1 to 128 bytes, no control characters, no blanks at its ends.
Outcome<std::string> checked_name(std::string name, std::string param);

}  // namespace together::roled
