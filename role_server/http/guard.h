// SPDX-License-Identifier: Apache-2.0
// Refuses request heads that two parsers could understand differently ("request smuggling"), beyond
// what Beast's own parser refuses (bare CR, blanks before the colon, Transfer-Encoding together
// with Content-Length, differing Content-Lengths).
#pragma once

#include <boost/beast/http/message.hpp>
#include <optional>

#include "role_server/base/errors.h"
#include "role_server/http/limits.h"

namespace together::roled {

using Head = boost::beast::http::request_header<>;

std::optional<ApiError> fault_in(const Head& head, const HttpLimits& limits);

// The answer to what Beast's parser refused; nothing where the connection is simply over.
std::optional<ApiError> fault_for(const boost::system::error_code& error);

}  // namespace together::roled
