// SPDX-License-Identifier: Apache-2.0
#include "role_server/base/errors.h"

#include <utility>

namespace together::roled {

Refusal bad_request(std::string code, std::string message, std::string param) {
    return Refusal({400, std::move(code), std::move(message), std::move(param), {}, {}});
}

Refusal unauthenticated(std::string code, std::string message) {
    return Refusal({401, std::move(code), std::move(message), {}, {}, {}});
}

Refusal forbidden(std::string message, std::vector<std::string> allowed_roles) {
    return Refusal({403, "forbidden", std::move(message), {}, std::move(allowed_roles), {}});
}

Refusal not_found(const std::string& what) {
    return Refusal(
        {404, "not_found", "No such " + what + ", or none that you may see.", {}, {}, {}});
}

Refusal conflict(std::string code, std::string message, std::string param) {
    return Refusal({409, std::move(code), std::move(message), std::move(param), {}, {}});
}

Refusal other(unsigned status, std::string code, std::string message) {
    return Refusal({status, std::move(code), std::move(message), {}, {}, {}});
}

std::string type_of(const ApiError& error) {
    switch (error.status) {
        case 401:
            return "authentication_error";
        case 403:
            return "permission_error";
        case 404:
            return "not_found_error";
        case 409:
            return "conflict_error";
        case 429:
            return "rate_limit_error";
        default:
            return error.status < 500 ? "invalid_request_error" : "server_error";
    }
}

}  // namespace together::roled
