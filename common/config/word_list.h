// SPDX-License-Identifier: Apache-2.0
// Values that are a list: words with blanks or commas between them. Pure.
#pragma once

#include <string_view>
#include <vector>

namespace together {

inline std::vector<std::string_view> words_of(std::string_view value) {
    constexpr std::string_view separators = " \t,";
    std::vector<std::string_view> words;
    while (true) {
        const auto start = value.find_first_not_of(separators);
        if (start == value.npos) return words;
        value.remove_prefix(start);
        words.push_back(value.substr(0, value.find_first_of(separators)));
        value.remove_prefix(words.back().size());
    }
}

}  // namespace together
