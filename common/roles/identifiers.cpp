// SPDX-License-Identifier: Apache-2.0
#include "common/roles/identifiers.h"

#include <algorithm>

namespace together {
namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_word(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

// UTF-8 of the C1 controls (U+0080-9F), and of marks that reorder or hide text (U+061C, U+200B-F,
// U+2028-E, U+2060-F, U+FEFF): they would make a line read as another.
bool steers_a_terminal(std::string_view next) {
    const auto byte = [next](std::size_t i) {
        return i < next.size() ? static_cast<unsigned char>(next[i]) : 0U;
    };
    const unsigned second = byte(1);
    const unsigned third = byte(2);
    switch (byte(0)) {
        case 0xc2:
            return second >= 0x80 && second <= 0x9f;
        case 0xd8:
            return second == 0x9c;
        case 0xe2:
            return (second == 0x80 &&
                    ((third >= 0x8b && third <= 0x8f) || (third >= 0xa8 && third <= 0xae))) ||
                   (second == 0x81 && third >= 0xa0 && third <= 0xaf);
        case 0xef:
            return second == 0xbb && third == 0xbf;
        default:
            return false;
    }
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

bool is_printable(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte < ' ' || byte == 0x7f || steers_a_terminal(text.substr(i, 3))) return false;
    }
    return true;
}

}  // namespace together
