// SPDX-License-Identifier: Apache-2.0
// Text without the blanks around it.
#pragma once

#include <string_view>

namespace together {

inline std::string_view trimmed(std::string_view text, std::string_view blanks = " \t") {
    const auto first = text.find_first_not_of(blanks);
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

}  // namespace together
