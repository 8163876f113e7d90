// SPDX-License-Identifier: Apache-2.0
#include "cli/printable.h"

#include <algorithm>

#include "common/roles/identifiers.h"

namespace together {
namespace {

unsigned byte_at(std::string_view text, std::size_t index) {
    return static_cast<unsigned char>(text[index]);
}

bool is_continuation(unsigned byte) {
    return (byte & 0xc0) == 0x80;
}

// The bytes of the UTF-8 sequence that `text` begins with; 0 where it is none, is overlong, or
// stands for a control character (C0, DEL, C1), half a surrogate pair or nothing at all.
std::size_t sequence_length(std::string_view text) {
    const unsigned first = byte_at(text, 0);
    if (first < 0x80) return first >= ' ' && first != 0x7f ? 1 : 0;
    const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
    unsigned point = first & (0xffU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        if (!is_continuation(byte_at(text, i))) return 0;
        point = (point << 6) | (byte_at(text, i) & 0x3f);
    }
    constexpr unsigned least[] = {0, 0, 0xa0, 0x800, 0x10000};
    const bool is_surrogate = point >= 0xd800 && point < 0xe000;
    return point >= least[length] && point <= 0x10ffff && !is_surrogate ? length : 0;
}

}  // namespace

std::string printable(std::string_view text) {
    constexpr std::string_view hex = "0123456789abcdef";
    std::string result;
    result.reserve(text.size());
    while (!text.empty()) {
        auto length = sequence_length(text);
        // Marks that reorder or hide text would make a line read as another.
        if (!is_printable(text.substr(0, length))) length = 0;
        if (length > 0) {
            result += text.substr(0, length);
        } else {
            result += "\\x";
            result += hex[byte_at(text, 0) >> 4];
            result += hex[byte_at(text, 0) & 15];
        }
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return result;
}

std::string in_quotes(std::string_view text) {
    return "\"" + printable(text) + "\"";
}

std::size_t width_of(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return !is_continuation(static_cast<unsigned char>(c));
    }));
}

}  // namespace together
