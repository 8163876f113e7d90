// SPDX-License-Identifier: Apache-2.0
// A refusal or failure as the caller over HTTP sees it. Errors are values; every one of them ends
// as the envelope {"error": {"message", "type", "param", "code"}}.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <vector>

namespace together::roled {

struct ApiError {
    unsigned status;
    std::string code;     // for programs; stable
    std::string message;  // for people: a whole sentence that says what would help
    std::string param;    // the field or parameter at fault; may be empty
    // Of a denial: the roles that may, and people who have one, for who may know them.
    std::vector<std::string> allowed_roles = {};
    std::vector<std::string> ask = {};
};

template <class T>
using Outcome = tl::expected<T, ApiError>;
using Refusal = tl::unexpected<ApiError>;

Refusal bad_request(std::string code, std::string message, std::string param = {});
Refusal unauthenticated(std::string code, std::string message);
// `allowed_roles`: empty where no role is enough.
Refusal forbidden(std::string message, std::vector<std::string> allowed_roles = {});
// Said alike of what does not exist and of what the caller may not know to exist.
Refusal not_found(const std::string& what);
Refusal conflict(std::string code, std::string message, std::string param = {});
Refusal other(unsigned status, std::string code, std::string message);

// The word that goes into "type": what kind of thing went wrong, by status.
std::string type_of(const ApiError& error);

}  // namespace together::roled
