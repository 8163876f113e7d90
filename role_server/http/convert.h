// SPDX-License-Identifier: Apache-2.0
// Between Beast's messages and ours.
#pragma once

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <string>

#include "role_server/http/message.h"

namespace together::roled {

// "req_" and 16 characters. Ours always: a client's own would let it write into our log.
std::string new_request_id();

Request to_request(boost::beast::http::request<boost::beast::http::string_body> message);

boost::beast::http::response<boost::beast::http::string_body> to_message(const Response& response,
                                                                         unsigned version,
                                                                         bool keep_alive);

}  // namespace together::roled
