// SPDX-License-Identifier: Apache-2.0
// What the client calls its request, where the answer has to call it so too: in AuthZEN, whose
// X-Request-ID comes back (AuthZEN 1.0, Request Identification). Our own id stays the one of logs.
#pragma once

#include <optional>
#include <string>

#include "role_server/messages/message.h"

namespace together::roled {

std::optional<std::string> client_request_id(const Request& request);

}  // namespace together::roled
