// SPDX-License-Identifier: Apache-2.0
#include "common/roles/identifiers.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace together {
namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_word(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

struct Range {
    std::uint32_t first;
    std::uint32_t last;
};

// Unicode's controls above ASCII, format characters (Cc, Cf: some hide or reorder text) and
// separators of lines (Zl, Zp): they would make a line read as another.
constexpr std::array steering = std::to_array<Range>(
    {{0x80, 0x9f},       {0xad, 0xad},       {0x600, 0x605},     {0x61c, 0x61c},
     {0x6dd, 0x6dd},     {0x70f, 0x70f},     {0x890, 0x891},     {0x8e2, 0x8e2},
     {0x180e, 0x180e},   {0x200b, 0x200f},   {0x2028, 0x202e},   {0x2060, 0x206f},
     {0xfeff, 0xfeff},   {0xfff9, 0xfffb},   {0x110bd, 0x110bd}, {0x110cd, 0x110cd},
     {0x13430, 0x1343f}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0001, 0xe0001},
     {0xe0020, 0xe007f}});

// Of the sequence at the text's beginning; 0 where it is cut.
std::uint32_t code_point(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text.front());
    const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
    if (length == 1 || text.size() < length) return 0;
    std::uint32_t point = lead & (0xffU >> (length + 1));
    for (const char c : text.substr(1, length - 1))
        point = point << 6 | (static_cast<unsigned char>(c) & 0x3fU);
    return point;
}

bool steers_a_terminal(std::string_view next) {
    const auto point = code_point(next);
    return std::any_of(steering.begin(), steering.end(), [point](const Range& range) {
        return point >= range.first && point <= range.last;
    });
}

}  // namespace

bool is_digits(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

bool is_login(std::string_view text) {
    if (text.empty() || text.size() > 32 || !is_word(text.front()) || is_digits(text)) return false;
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return is_word(c) || c == '.' || c == '-'; });
}

bool is_project(std::string_view text) {
    constexpr std::string_view prefix = "proj_";
    if (!text.starts_with(prefix)) return false;
    text.remove_prefix(prefix.size());
    return !text.empty() && text.size() <= 64 &&
           std::all_of(text.begin(), text.end(), [](char c) { return is_word(c) || c == '-'; });
}

bool is_node_name(std::string_view text) {
    return !text.empty() && text.size() <= 253 && std::all_of(text.begin(), text.end(), [](char c) {
        return is_word(c) || c == '.' || c == '-';
    });
}

bool is_printable(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte < ' ' || byte == 0x7f) return false;
        // Only a sequence's first byte: a roster is ASCII nearly everywhere.
        if (byte >= 0xc0 && steers_a_terminal(text.substr(i))) return false;
    }
    return true;
}

bool is_utf8(std::string_view text) {
    // Shortest forms only, no surrogates, nothing above U+10FFFF (RFC 3629).
    for (std::size_t i = 0; i < text.size();) {
        const auto first = static_cast<unsigned char>(text[i]);
        if (first < 0x80) {
            ++i;
            continue;
        }
        const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
        if (first < 0xc2 || first > 0xf4 || i + length > text.size()) return false;
        for (std::size_t k = 1; k < length; ++k)
            if ((static_cast<unsigned char>(text[i + k]) & 0xc0) != 0x80) return false;
        const auto second = static_cast<unsigned char>(text[i + 1]);
        if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
            (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f))
            return false;
        i += length;
    }
    return true;
}

}  // namespace together
