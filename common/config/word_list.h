// SPDX-License-Identifier: Apache-2.0
// Values that are a list: words with blanks or commas between them. Pure.
#pragma once

#include <string>
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

// As they are written: a blank between them.
inline std::string joined_words(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& word : words) text.append(text.empty() ? "" : " ").append(word);
    return text;
}

}  // namespace together
