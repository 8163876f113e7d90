// SPDX-License-Identifier: Apache-2.0
#include "http_server/message.h"

namespace together::http {

std::optional<std::string> header(const Request& request, std::string_view lower_case_name) {
    std::optional<std::string> joined;
    for (const auto& [name, value] : request.headers) {
        if (name != lower_case_name) continue;
        joined = joined ? *joined + ", " + value : value;
    }
    return joined;
}

Refusal body_too_large() {
    return {413, "body_too_large", "The request's body is too large."};
}

}  // namespace together::http
