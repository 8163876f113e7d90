// SPDX-License-Identifier: Apache-2.0
#include "http_server/guard.h"

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <utility>

namespace together::http {
namespace {

namespace beast = boost::beast;
using beast::http::field;

Refusal malformed(std::string message) {
    return {400, "malformed_request", std::move(message)};
}

std::ptrdiff_t count(const Head& head, field name) {
    const auto range = head.equal_range(name);
    return std::distance(range.first, range.second);
}

std::string_view text(beast::string_view view) {
    return {view.data(), view.size()};
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool all_digits(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

bool is_visible(char c) {
    return c > 0x20 && c < 0x7f;
}

bool framing_is_plain(const Head& head) {
    if (count(head, field::content_length) > 1 || count(head, field::transfer_encoding) > 1)
        return false;
    const auto length = head.find(field::content_length);
    if (length != head.end() && !all_digits(text(length->value()))) return false;
    const auto coding = head.find(field::transfer_encoding);
    if (coding == head.end()) return true;
    // Anything but this one word is read by some as "chunked" and by others as no body at all.
    return length == head.end() && head.version() == 11 &&
           beast::iequals(coding->value(), "chunked");
}

// Beast joins them, as others once did; RFC 9112, 5.2, lets a server refuse them.
bool has_folded_line(std::string_view raw) {
    for (auto at = raw.find('\n'); at != std::string_view::npos; at = raw.find('\n', at + 1))
        if (at + 1 < raw.size() && (raw[at + 1] == ' ' || raw[at + 1] == '\t')) return true;
    return false;
}

bool is_of_a_name(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("-._~!$&'()*+,;=%").find(c) != std::string_view::npos;
}

bool is_of_an_ipv6(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' || c == '.';
}

std::optional<Refusal> fault_of_host(const Head& head) {
    const auto hosts = count(head, field::host);
    if (hosts > 1 || (hosts == 0 && head.version() >= 11))
        return malformed("Send exactly one Host.");
    if (hosts == 1 && !is_host(text(head[field::host])))
        return malformed("The Host is no name or address.");
    return std::nullopt;
}

}  // namespace

bool is_host(std::string_view text) {
    const bool bracketed = text.starts_with('[');
    const auto end = bracketed ? text.find(']') : std::min(text.find(':'), text.size());
    if (end == std::string_view::npos) return false;
    const auto name = bracketed ? text.substr(1, end - 1) : text.substr(0, end);
    const auto port = text.substr(bracketed ? end + 1 : end);
    return !name.empty() &&
           std::all_of(name.begin(), name.end(), bracketed ? is_of_an_ipv6 : is_of_a_name) &&
           (port.empty() || (port.size() <= 6 && port.starts_with(':') &&
                             std::all_of(port.begin() + 1, port.end(), is_digit)));
}

std::optional<Refusal> fault_in(const Head& head, std::string_view raw, const HttpLimits& limits) {
    if (has_folded_line(raw)) return malformed("A header goes over two lines.");
    if (!framing_is_plain(head))
        return malformed("The length of the body is not told in one plain way.");
    if (auto fault = fault_of_host(head)) return fault;
    if (count(head, field::authorization) > 1) return malformed("Send one Authorization.");
    const auto expect = head.find(field::expect);
    if (count(head, field::expect) > 1 ||
        (expect != head.end() && !beast::iequals(expect->value(), "100-continue")))
        return Refusal{417, "expectation_failed", "Nothing but 100-continue can be expected here."};
    const auto target = head.target();
    if (target.size() > limits.target_bytes)
        return Refusal{414, "uri_too_long", "The path and query are too long."};
    if (!std::all_of(target.begin(), target.end(), is_visible))
        return malformed("The path has characters that must be encoded.");
    return std::nullopt;
}

Refusal fault_for(const boost::system::error_code& error) {
    using Error = beast::http::error;
    if (error == Error::header_limit || error == Error::buffer_overflow)
        return {431, "header_too_large", "The request's header is too large."};
    if (error == Error::body_limit) return body_too_large();
    return malformed("This is no well-formed HTTP request: " + error.message() + ".");
}

}  // namespace together::http
