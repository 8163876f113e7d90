// SPDX-License-Identifier: Apache-2.0
#include "role_server/server/client_request_id.h"

namespace together::roled {

std::optional<std::string> client_request_id(const Request& request) {
    if (!request.target.starts_with("/access/v1/")) return std::nullopt;
    auto id = header(request, "x-request-id");
    return id && !id->empty() ? id : std::nullopt;
}

}  // namespace together::roled
