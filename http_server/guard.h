// SPDX-License-Identifier: Apache-2.0
// Refuses request heads that two parsers could understand differently ("request smuggling"), beyond
// what Beast's own parser refuses (bare CR, blanks before the colon, Transfer-Encoding together
// with Content-Length, differing Content-Lengths).
#pragma once

#include <boost/beast/http/message.hpp>
#include <optional>
#include <string_view>

#include "http_server/limits.h"
#include "http_server/message.h"

namespace together::http {

using Head = boost::beast::http::request_header<>;

// `raw` is the head as it was sent.
std::optional<Refusal> fault_in(const Head& head, std::string_view raw, const HttpLimits& limits);

// The answer to what Beast's parser refused.
Refusal fault_for(const boost::system::error_code& error);

// uri-host [":" port] of RFC 9110, 7.2.
bool is_host(std::string_view text);

}  // namespace together::http
