// SPDX-License-Identifier: Apache-2.0
#include "http_server/heads.h"

#include <openssl/rand.h>

#include <array>
#include <boost/beast/http/status.hpp>
#include <cinttypes>
#include <cstdint>
#include <ctime>
#include <stdexcept>

namespace together::http {
namespace {

namespace beast = boost::beast;

std::string text(beast::string_view view) {
    return {view.data(), view.size()};
}

std::string lower_case(beast::string_view view) {
    std::string lower = text(view);
    for (auto& c : lower)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return lower;
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

void add(std::string& head, std::string_view name, std::string_view value) {
    head.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

std::string new_request_id() {
    std::uint64_t number = 0;
    if (RAND_bytes(reinterpret_cast<unsigned char*>(&number), sizeof(number)) != 1)
        throw std::runtime_error("libcrypto has no random numbers");
    std::array<char, 32> text{};
    (void)std::snprintf(text.data(), text.size(), "req_%016" PRIx64, number);
    return text.data();
}

Request request_of(const Head& head) {
    Request request;
    request.method = text(head.method_string());
    if (request.method == "HEAD") request.method = "GET";
    request.target = text(head.target());
    for (const auto& field : head)
        request.headers.emplace_back(lower_case(field.name_string()), text(field.value()));
    return request;
}

bool has_body(const Response& response) {
    return response.status != 204 && response.status != 304;
}

std::string head_of(const Response& response, std::string_view request_id, unsigned version,
                    bool keep_alive) {
    const auto reason = beast::http::obsolete_reason(beast::http::int_to_status(response.status));
    std::string head = version >= 11 ? "HTTP/1.1 " : "HTTP/1.0 ";
    head += std::to_string(response.status) + ' ' + text(reason) + "\r\n";
    for (const auto& [name, value] : response.headers) add(head, name, value);
    add(head, "x-request-id", request_id);
    add(head, "Date", http_date());
    if (keep_alive != (version >= 11)) add(head, "Connection", keep_alive ? "keep-alive" : "close");
    if (has_body(response)) {
        add(head, "Content-Type", response.content_type);
        add(head, "Content-Length", std::to_string(response.body.view().size()));
    }
    return head += "\r\n";
}

}  // namespace together::http
