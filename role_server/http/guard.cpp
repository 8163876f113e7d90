// SPDX-License-Identifier: Apache-2.0
#include "role_server/http/guard.h"

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>

#include "role_server/base/uri.h"

namespace together::roled {
namespace {

namespace http = boost::beast::http;

ApiError malformed(std::string message) {
    return {400, "malformed_request", std::move(message), {}};
}

std::ptrdiff_t count(const Head& head, http::field name) {
    const auto range = head.equal_range(name);
    return std::distance(range.first, range.second);
}

bool all_digits(boost::beast::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_visible(char c) {
    return c > 0x20 && c < 0x7f;
}

bool framing_is_plain(const Head& head) {
    if (count(head, http::field::content_length) > 1 ||
        count(head, http::field::transfer_encoding) > 1)
        return false;
    const auto length = head.find(http::field::content_length);
    if (length != head.end() && !all_digits(length->value())) return false;
    const auto coding = head.find(http::field::transfer_encoding);
    if (coding == head.end()) return true;
    // Anything but this one word is read by some as "chunked" and by others as no body at all.
    return length == head.end() && head.version() == 11 &&
           boost::beast::iequals(coding->value(), "chunked");
}

}  // namespace

std::optional<ApiError> fault_in(const Head& head, const HttpLimits& limits) {
    if (!framing_is_plain(head))
        return malformed("The length of the body is not told in one plain way.");
    const auto hosts = count(head, http::field::host);
    if (hosts > 1 || (hosts == 0 && head.version() >= 11))
        return malformed("Send exactly one Host.");
    if (count(head, http::field::authorization) > 1) return malformed("Send one Authorization.");
    const auto target = head.target();
    if (target.size() > limits.target_bytes)
        return ApiError{414, "uri_too_long", "The path and query are too long.", {}};
    if (!std::all_of(target.begin(), target.end(), is_visible))
        return malformed("The path has characters that must be encoded.");
    return std::nullopt;
}

std::optional<ApiError> fault_for(const boost::system::error_code& error) {
    if (error == http::error::end_of_stream || error == http::error::partial_message)
        return std::nullopt;
    if (error == http::error::header_limit || error == http::error::buffer_overflow)
        return ApiError{431, "header_too_large", "The request's header is too large.", {}};
    if (error == http::error::body_limit)
        return ApiError{413, "body_too_large", "The request's body is too large.", {}};
    if (error.category() == make_error_code(http::error::bad_field).category())
        return malformed("This is no well-formed HTTP request: " + error.message() + ".");
    return std::nullopt;
}

}  // namespace together::roled
