// SPDX-License-Identifier: Apache-2.0
#include "role_server/base/uri.h"

#include <algorithm>

#include "common/roles/identifiers.h"
#include "common/system/parse_number.h"

namespace together::roled {
namespace {

bool fits_segment(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
}

std::optional<std::vector<std::string>> segments_of(std::string_view path) {
    std::vector<std::string> segments;
    while (!path.empty()) {
        path.remove_prefix(1);  // the slash
        const auto segment = path.substr(0, path.find('/'));
        if (segment.empty() || !std::all_of(segment.begin(), segment.end(), fits_segment))
            return std::nullopt;
        segments.emplace_back(segment);
        path.remove_prefix(segment.size());
    }
    return segments;
}

std::optional<std::string> percent_decoded(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            plain += text[i] == '+' ? ' ' : text[i];
            continue;
        }
        const auto hex = text.substr(i + 1, 2);
        const auto value = parse_number<unsigned char>(hex, 16);
        if (hex.size() != 2 || !value) return std::nullopt;
        plain += static_cast<char>(*value);
        i += 2;
    }
    return plain;
}

Outcome<void> add_parameter(Uri& uri, std::string_view pair) {
    const auto equals = pair.find('=');
    const auto name = percent_decoded(pair.substr(0, equals));
    const auto value =
        percent_decoded(equals == std::string_view::npos ? "" : pair.substr(equals + 1));
    const auto is_text = [](const std::optional<std::string>& text) {
        return text && is_utf8(*text) && is_printable(*text);
    };
    if (!is_text(name) || !is_text(value))
        return bad_request("invalid_query", "The query is not well encoded.");
    if (parameter(uri, *name))
        return bad_request("duplicate_parameter", "The parameter '" + *name + "' comes twice.",
                           *name);
    uri.query.emplace_back(*name, *value);
    return {};
}

}  // namespace

Outcome<Uri> parse_uri(std::string_view target) {
    const auto question = target.find('?');
    const auto path = target.substr(0, question);
    Uri uri;
    const auto segments = path.starts_with('/') ? segments_of(path) : std::nullopt;
    if (!segments) return not_found("resource");
    uri.segments = *segments;
    auto query =
        question == std::string_view::npos ? std::string_view() : target.substr(question + 1);
    while (!query.empty()) {
        const auto pair = query.substr(0, query.find('&'));
        if (auto added = add_parameter(uri, pair); !added) return tl::unexpected(added.error());
        query.remove_prefix(std::min(query.size(), pair.size() + 1));
    }
    return uri;
}

std::optional<std::string> parameter(const Uri& uri, std::string_view name) {
    for (const auto& [key, value] : uri.query)
        if (key == name) return value;
    return std::nullopt;
}

Outcome<Page> page_of(const Uri& uri) {
    Page page;
    if (const auto limit = parameter(uri, "limit")) {
        page.limit = parse_number<std::size_t>(*limit).value_or(0);
        if (page.limit < 1 || page.limit > max_page_limit)
            return bad_request("invalid_limit", "'limit' is a number from 1 to 1000.", "limit");
    }
    page.after = parameter(uri, "after").value_or("");
    // PostgreSQL fails on a text that is no UTF-8, and ends it at a NUL.
    if (!std::all_of(page.after.begin(), page.after.end(), fits_segment))
        return bad_request("invalid_cursor", "'after' is no cursor of this list.", "after");
    return page;
}

}  // namespace together::roled
