// SPDX-License-Identifier: Apache-2.0
// Numbers in text. Pure, without a locale.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>

namespace together {

// The number that is all of the text: digits, before them a minus where the type has a sign.
// Nothing where it is anything else, or does not fit.
template <class Number>
std::optional<Number> parse_number(std::string_view text, int base = 10) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

// What stands at the beginning of text that goes on with a unit, a separator or an end of line.
inline std::string_view leading_digits(std::string_view text) {
    return text.substr(0, text.find_first_not_of("0123456789"));
}

}  // namespace together
