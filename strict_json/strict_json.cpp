// SPDX-License-Identifier: Apache-2.0
#include "strict_json/strict_json.h"

#include <json/reader.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "common/roles/identifiers.h"
#include "common/system/parse_number.h"

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

// "\uD83D\uDE00" is one character. jsoncpp takes a first half with whatever stands behind it. 0
// where the text begins with half a pair.
std::size_t length_of_escape(std::string_view text) {
    if (!text.starts_with("\\u")) return 2;
    const auto unit = [text](std::size_t from) {
        const auto digits = text.substr(std::min(from, text.size()), 4);
        return parse_number<unsigned>(digits, 16).value_or(0);
    };
    const auto is_in = [](unsigned value, unsigned first) {
        return value >= first && value < first + 0x400;
    };
    if (is_in(unit(2), 0xdc00)) return 0;
    if (!is_in(unit(2), 0xd800)) return 2;
    return text.size() >= 12 && text.substr(6, 2) == "\\u" && is_in(unit(8), 0xdc00) ? 12 : 0;
}

// Where a string ends; `at` is behind its first quote.
const char* after_string(const char* at, const char* end) {
    while (at != end && static_cast<unsigned char>(*at) >= ' ') {
        if (*at == '"') return at + 1;
        const auto left = static_cast<std::size_t>(end - at);
        const auto length = *at == '\\' ? length_of_escape({at, left}) : 1;
        if (length == 0 || length > left) break;
        at += length;
    }
    return nullptr;
}

// What is wrong with the text's tokens; the rest of the grammar is jsoncpp's to check.
std::optional<std::string> wrong_token(std::string_view text, std::size_t max_values) {
    const char* at = text.data();
    const char* const end = at + text.size();
    std::size_t values = 1;
    while (at != end) {
        const char c = *at;
        // Each value but the first stands behind one of these.
        if (c == ',' || c == '[' || c == '{') ++values;
        if (values > max_values)
            return "it has more than " + std::to_string(max_values) + " values";
        if (c == '"') {
            at = after_string(at + 1, end);
            if (at == nullptr)
                return "a string has no end, control characters, or half a surrogate pair";
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

// jsoncpp's errors span lines: "* Line 1, Column 2\n  Syntax error…".
std::string on_one_line(const std::string& text) {
    std::string line;
    for (const char c : text) {
        const bool blank = c == '\n' || c == ' ' || c == '*';
        if (!blank || (!line.empty() && line.back() != ' ')) line += blank ? ' ' : c;
    }
    return line.substr(0, 200);
}

tl::unexpected<std::string> not_json(const std::string& why) {
    return tl::unexpected<std::string>("not JSON: " + why);
}

}  // namespace

tl::expected<Json::Value, std::string> parse_strict_json(std::string_view text,
                                                         const JsonLimits& limits) {
    if (!is_utf8(text)) return tl::unexpected<std::string>("not UTF-8");
    if (text.starts_with("\xef\xbb\xbf")) return not_json("it begins with a byte order mark");
    if (const auto reason = wrong_token(text, limits.values)) return not_json(*reason);
    Json::CharReaderBuilder builder;
    Json::CharReaderBuilder::strictMode(&builder.settings_);
    builder["stackLimit"] = limits.depth;
    const std::unique_ptr<Json::CharReader> reader(builder.newCharReader());
    Json::Value value;
    std::string problem;
    // jsoncpp throws where nesting exceeds the limit, and on numbers that no type holds.
    try {
        if (reader->parse(text.data(), text.data() + text.size(), &value, &problem)) return value;
    } catch (const Json::Exception& error) {
        problem = error.what();
    }
    return not_json(on_one_line(problem));
}

}  // namespace together
