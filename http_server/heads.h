// SPDX-License-Identifier: Apache-2.0
// A request from the head that Beast parsed, and the head of an answer as it goes over the wire.
#pragma once

#include <string>
#include <string_view>

#include "http_server/guard.h"
#include "http_server/message.h"

namespace together::http {

// "req_" and 16 hexadecimal digits. Ours always: a client's own would let it write into our log.
std::string new_request_id();

// Without body and id. A HEAD is asked as a GET.
Request request_of(const Head& head);

// Neither 204 nor 304 has a body, nor may say how long it is (RFC 9110, 8.6).
bool has_body(const Response& response);

// With the empty line that ends it.
std::string head_of(const Response& response, std::string_view request_id, unsigned version,
                    bool keep_alive);

}  // namespace together::http
