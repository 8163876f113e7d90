// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/source/strict_json.h"

namespace together {
namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// Where digits end that must be there.
const char* after_digits(const char* at, const char* end) {
    if (at == end || !is_digit(*at)) return nullptr;
    while (at != end && is_digit(*at)) ++at;
    return at;
}

// Where a number ends, or nowhere where it is none: -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] …)?
const char* after_number(const char* at, const char* end) {
    if (*at == '-') ++at;
    const bool zero = at != end && *at == '0';
    at = zero ? at + 1 : after_digits(at, end);
    if (at == nullptr || (zero && at != end && is_digit(*at))) return nullptr;
    if (at != end && *at == '.') at = after_digits(at + 1, end);
    if (at != nullptr && at != end && (*at == 'e' || *at == 'E')) {
        ++at;
        if (at != end && (*at == '+' || *at == '-')) ++at;
        at = after_digits(at, end);
    }
    return at;
}

// Where a string ends; `at` is behind its first quote.
const char* after_string(const char* at, const char* end) {
    for (; at != end && static_cast<unsigned char>(*at) >= ' '; ++at) {
        if (*at == '"') return at + 1;
        if (*at == '\\' && ++at == end) break;
    }
    return nullptr;
}

}  // namespace

std::optional<std::string> why_not_strict_json(std::string_view text, std::size_t max_values) {
    const char* at = text.data();
    const char* const end = at + text.size();
    std::size_t values = 1;
    while (at != end) {
        const char c = *at;
        // Each value but the first stands behind one of these.
        if (c == ',' || c == '[' || c == '{') ++values;
        if (values > max_values)
            return "it has more than " + std::to_string(max_values) +
                   " values; a page is to have as many entries as were asked for (limit=1000)";
        if (c == '"') {
            at = after_string(at + 1, end);
            if (at == nullptr) return "a string has no end, or has control characters";
        } else if (c == '-' || c == '+' || is_digit(c)) {
            at = after_number(at, end);
            if (at == nullptr) return "a number is malformed";
        } else if (c == '/') {
            return "it has comments";
        } else if (static_cast<unsigned char>(c) < ' ' && c != '\n' && c != '\r' && c != '\t') {
            return "it has control characters";
        } else {
            ++at;
        }
    }
    return std::nullopt;
}

}  // namespace together
