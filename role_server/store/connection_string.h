// SPDX-License-Identifier: Apache-2.0
// postgresql://user:password@host/name?parameters, as libpq reads it.
#pragma once

#include <string>

#include "common/system/result.h"

namespace together::roled {

// Whether `db` names a PostgreSQL database and no file.
bool is_postgresql(const std::string& db);

// A password of the user's or of a TLS key.
bool has_password(const std::string& db);

// To be told to people: without it.
std::string shown(const std::string& db);

// Where a password has an '@' or a '/' as such, libpq takes what follows for a host, and says so in
// its messages.
Result<void> check_connection_string(const std::string& db);

// A message of libpq's, some of which repeat the whole connection string.
std::string without_password(std::string message, const std::string& db);

}  // namespace together::roled
