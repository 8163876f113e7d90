// SPDX-License-Identifier: Apache-2.0
#include "role_server/server/shown_path.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "common/system/parse_number.h"
#include "role_server/base/validation.h"

namespace together::roled {
namespace {

constexpr std::size_t max_shown = 250;
// "tgu_" and the look-up id.
constexpr std::size_t shown_of_token = 16;
// Longer than any part of a path of ours, and shorter than a token without its "tgu_".
constexpr std::size_t max_segment = 40;

// What is not well encoded stays as it is.
std::string decoded_once(std::string_view text) {
    std::string plain;
    for (; !text.empty(); text.remove_prefix(1)) {
        const auto hex = text.substr(1, 2);
        const auto value = text.front() == '%' && hex.size() == 2
                               ? parse_number<unsigned char>(hex, 16)
                               : std::nullopt;
        plain += value ? static_cast<char>(*value) : text.front();
        if (value) text.remove_prefix(hex.size());
    }
    return plain;
}

// What passes through two programs may be encoded twice.
std::string decoded(std::string text) {
    for (auto plain = decoded_once(text); plain != text; plain = decoded_once(text)) text = plain;
    return text;
}

// No more than so much of a token, whatever its case, what stands before it or goes on behind it.
std::string without_secrets(std::string path) {
    auto lower = without_case(path);
    for (auto at = lower.find("tg"); at != std::string::npos; at = lower.find("tg", at + 1)) {
        if (at + 3 >= lower.size() || lower[at + 3] != '_') continue;
        const auto end = std::min(lower.find('/', at), lower.size());
        if (end - at <= shown_of_token) continue;
        for (auto* text : {&path, &lower})
            text->replace(at + shown_of_token, end - at - shown_of_token, "...");
    }
    return path;
}

// In Base64, in hexadecimal digits or in parts a token is none to us, and still one to who finds
// it.
std::string without_long_segments(std::string path) {
    for (std::size_t from = 0; from < path.size();) {
        auto end = std::min(path.find('/', from), path.size());
        if (end - from > max_segment) {
            path.replace(from + shown_of_token, end - from - shown_of_token, "...");
            end = path.find('/', from);
        }
        from = end == std::string::npos ? path.size() : end + 1;
    }
    return path;
}

std::string as_visible_ascii(std::string text) {
    for (auto& c : text)
        if (c <= ' ' || c > '~') c = '?';
    return text;
}

std::string as_shown(const std::string& sent) {
    const auto shown = without_secrets(sent);
    const auto plain = decoded(shown);
    const auto shown_plain = without_secrets(plain);
    return without_long_segments(shown_plain == plain ? shown : as_visible_ascii(shown_plain));
}

}  // namespace

std::string shown_path(const Request& request) {
    return as_shown(request.target.substr(0, std::min(request.target.find('?'), max_shown)));
}

std::string shown_request_id(const std::string& of_client) {
    return as_visible_ascii(as_shown(of_client.substr(0, max_shown)));
}

std::string shown_method(const Request& request) {
    if (request.method.size() <= shown_of_token) return request.method;
    return request.method.substr(0, shown_of_token) + "...";
}

}  // namespace together::roled
