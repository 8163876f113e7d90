// SPDX-License-Identifier: Apache-2.0
// Numbers with a fraction or an exponent. Pure, without a locale.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>

namespace together {

// Of a text that has the form of one. Nothing where it is too large; 0 where it is too small.
inline std::optional<double> parse_real(std::string_view text) {
    double number = 0;
    const auto done = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool small = text.find("e-") != text.npos || text.find("E-") != text.npos;
    return done.ec == std::errc() || small ? std::optional(number) : std::nullopt;
}

}  // namespace together
