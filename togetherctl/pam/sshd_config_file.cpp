// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/pam/sshd_config_file.h"

#include <strings.h>

#include <algorithm>
#include <array>

namespace together::ctl {
namespace {

constexpr std::string_view blanks = " \t\r\f";

// "Keyword value", "Keyword=value" and "Keyword = \"value\"" are the same.
std::vector<std::string> words_of(std::string_view line) {
    std::vector<std::string> words;
    while (true) {
        const auto start =
            line.find_first_not_of(words.size() == 1 ? " \t\r\f=" : std::string(blanks));
        if (start == line.npos || line[start] == '#') return words;
        line.remove_prefix(start);
        const bool quoted = line.front() == '"';
        if (quoted) line.remove_prefix(1);
        const auto end = std::min(
            quoted ? line.find('"') : line.find_first_of(words.empty() ? " \t\r\f=" : blanks),
            line.size());
        words.emplace_back(line.substr(0, end));
        line.remove_prefix(std::min(end + (quoted ? 1 : 0), line.size()));
    }
}

bool is(const std::string& word, const char* keyword) {
    return ::strcasecmp(word.c_str(), keyword) == 0;
}

template <class Take>
void each_line(std::string_view text, const Take& take) {
    std::size_t number = 0;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find('\n', at), text.size());
        const auto words = words_of(text.substr(at, end - at));
        ++number;
        if (!words.empty()) take(number, words);
        at = end + 1;
    }
}

}  // namespace

std::vector<SettingInMatch> key_settings_in_match(std::string_view text) {
    constexpr std::array<const char*, 3> keywords = {"AuthorizedKeysFile", "AuthorizedKeysCommand",
                                                     "AuthorizedKeysCommandUser"};
    std::vector<SettingInMatch> found;
    bool in_match = false;
    each_line(text, [&](std::size_t number, const std::vector<std::string>& words) {
        if (is(words[0], "Match")) in_match = !(words.size() == 2 && is(words[1], "all"));
        for (const char* keyword : keywords)
            if (in_match && is(words[0], keyword)) found.push_back({number, keyword});
    });
    return found;
}

std::vector<std::string> sshd_includes(std::string_view text) {
    std::vector<std::string> patterns;
    each_line(text, [&](std::size_t, const std::vector<std::string>& words) {
        if (!is(words[0], "Include")) return;
        for (std::size_t i = 1; i < words.size(); ++i)
            patterns.push_back(words[i].starts_with('/') ? words[i] : "/etc/ssh/" + words[i]);
    });
    return patterns;
}

}  // namespace together::ctl
