// SPDX-License-Identifier: Apache-2.0
#include "role_server/http/convert.h"

#include <array>
#include <cstdio>
#include <ctime>
#include <utility>

#include "role_server/base/crypto.h"
#include "role_server/base/validation.h"

namespace together::roled {
namespace {

namespace http = boost::beast::http;

std::string text(boost::beast::string_view view) {
    return {view.data(), view.size()};
}

// "Sun, 06 Nov 1994 08:49:37 GMT". Not strftime's %a and %b, which follow the locale.
std::string http_date() {
    constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto now = std::time(nullptr);
    std::tm utc{};
    (void)::gmtime_r(&now, &utc);
    std::array<char, 64> text{};
    (void)std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                        days.at(static_cast<std::size_t>(utc.tm_wday)), utc.tm_mday,
                        months.at(static_cast<std::size_t>(utc.tm_mon)), utc.tm_year + 1900,
                        utc.tm_hour, utc.tm_min, utc.tm_sec);
    return text.data();
}

}  // namespace

std::string new_request_id() {
    return "req_" + random_base62(16);
}

Request to_request(http::request<http::string_body> message) {
    Request request;
    request.id = new_request_id();
    request.method = text(message.method_string());
    request.target = text(message.target());
    for (const auto& field : message)
        request.headers.emplace_back(without_case(text(field.name_string())), text(field.value()));
    request.body = std::move(message.body());
    return request;
}

http::response<http::string_body> to_message(const Response& response, unsigned version,
                                             bool keep_alive) {
    http::response<http::string_body> message{http::int_to_status(response.status), version};
    for (const auto& [name, value] : response.headers) message.insert(name, value);
    message.set(http::field::date, http_date());
    message.keep_alive(keep_alive);
    // Neither of these has a body, nor may say how long it is (RFC 9110, 8.6).
    if (response.status == 204 || response.status == 304) return message;
    message.set(http::field::content_type, "application/json");
    message.body() = response.body;
    message.content_length(response.body.size());
    return message;
}

}  // namespace together::roled
