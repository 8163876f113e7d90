// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/enabling/name_services.h"

#include <strings.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace together::ctl {
namespace {

using together::failure;
using together::Result;

constexpr std::string_view blanks = " \t\r\v\f";
constexpr std::string_view ours = "together";
// With an initgroups line glibc ends at the first service that has some group of the user.
constexpr std::string_view go_on = "[SUCCESS=continue]";
constexpr std::string_view merge = "[SUCCESS=merge]";

// A service, or what is to be done after the one before it.
struct Word {
    std::string_view text;
    std::size_t begin;  // in the file
    std::size_t end;

    bool is_action() const { return text.front() == '['; }
};

struct Database {
    std::size_t number;  // of its line, from 1
    std::size_t begin;
    std::size_t end;  // without its newline
    std::vector<Word> words;
};

bool is_action(const Word& word, std::string_view action) {
    std::string packed;
    for (const char c : word.text)
        if (blanks.find(c) == blanks.npos) packed += c;
    return packed.size() == action.size() &&
           ::strncasecmp(packed.data(), action.data(), action.size()) == 0;
}

std::vector<Word> words_of(std::string_view text, std::size_t at, std::size_t end) {
    std::vector<Word> words;
    while (true) {
        at = std::min(text.find_first_not_of(blanks, at), end);
        if (at == end) return words;
        std::size_t next = at;
        if (text[at] == '[')
            next = std::min(text.find(']', at), end - 1) + 1;
        else
            while (next < end && text[next] != '[' && blanks.find(text[next]) == blanks.npos)
                ++next;
        words.push_back({text.substr(at, next - at), at, next});
        at = next;
    }
}

// All lines of that database; glibc reads one of them.
std::vector<Database> find_databases(std::string_view text, std::string_view name) {
    std::vector<Database> found;
    std::size_t number = 0;
    for (std::size_t at = 0; at < text.size();) {
        ++number;
        const auto end = std::min(text.find('\n', at), text.size());
        const auto line_end = std::min(text.find('#', at), end);
        const auto begin = std::min(text.find_first_not_of(blanks, at), line_end);
        const auto colon = begin + name.size();
        const auto sign = std::min(text.find_first_not_of(blanks, colon), line_end);
        if (text.substr(begin, name.size()) == name && sign < line_end && text[sign] == ':')
            found.push_back({number, begin, end, words_of(text, sign + 1, line_end)});
        at = end + 1;
    }
    return found;
}

std::string where(const Database& database) {
    return "line " + std::to_string(database.number) + ": ";
}

std::string quoted(std::string_view text) {
    return "\"" + std::string(text) + "\"";
}

std::size_t place_of(const Database& database, std::string_view service) {
    const auto& words = database.words;
    return static_cast<std::size_t>(
        std::find_if(words.begin(), words.end(),
                     [&](const Word& word) { return word.text == service; }) -
        words.begin());
}

// Behind which word ours goes, and what goes in there.
struct Insertion {
    std::size_t at;
    std::string text;
};

tl::unexpected<together::Error> cannot_tell(std::string_view text, const Database& database,
                                            const std::string& why) {
    return failure(where(database) + why + "; nobody can tell what " + quoted(ours) +
                   " would do there. It says " +
                   quoted(text.substr(database.begin, database.end - database.begin)) + "; write " +
                   quoted(ours) + " directly behind " + quoted("files") + " by hand");
}

Result<Insertion> into_line(std::string_view text, const Database& database, bool initgroups) {
    const auto files = place_of(database, "files");
    const auto& words = database.words;
    if (files == words.size())
        return cannot_tell(text, database, quoted("files") + " does not stand there");
    if (files > 0)
        return cannot_tell(text, database,
                           quoted(words.front().text) + " stands before " + quoted("files"));
    auto last = files;  // of files and what is to be done after it
    while (last + 1 < words.size() && words[last + 1].is_action()) ++last;
    const bool end = last + 1 == words.size();
    const std::string service = " " + std::string(ours);
    if (last == files) {
        if (!initgroups) return Insertion{words[last].end, service};
        if (end) return Insertion{words[last].end, " " + std::string(go_on) + service};
    } else if (last == files + 1 && !end && is_action(words[last], initgroups ? go_on : merge)) {
        return Insertion{words[last].end, service + (initgroups ? " " + std::string(go_on) : "")};
    }
    const auto action = last == files ? std::string() : " " + std::string(words[files + 1].text);
    return cannot_tell(text, database,
                       action.empty() ? "who has a group in files gets none of the others"
                                      : quoted("files" + action) + " ends or changes the look-up");
}

Result<std::vector<Insertion>> insertions(std::string_view text) {
    std::vector<Insertion> list;
    for (const std::string_view name : {"passwd", "group", "initgroups"}) {
        const auto databases = find_databases(text, name);
        const bool optional = name == "initgroups";
        if (databases.empty() && optional) continue;
        if (databases.empty())
            return failure("there is no line " + quoted(name) + "; write " +
                           quoted(std::string(name) + ": files together"));
        if (databases.size() > 1)
            return cannot_tell(text, databases[1], std::string(name) + " stands there twice");
        auto insertion = into_line(text, databases.front(), optional);
        if (!insertion) return tl::make_unexpected(insertion.error());
        list.push_back(*std::move(insertion));
    }
    return list;
}

// Where our word and what with_together wrote with it stand in a line: begin and end.
std::vector<std::pair<std::size_t, std::size_t>> our_ranges(std::string_view text,
                                                            const Database& database,
                                                            bool initgroups) {
    const auto& words = database.words;
    std::vector<std::pair<std::size_t, std::size_t>> ranges;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i].text != ours) continue;
        auto begin = words[i].begin;
        auto end = words[i].end;
        const bool goes_on = i + 1 < words.size() && is_action(words[i + 1], go_on);
        if (initgroups && goes_on)
            end = words[i + 1].end;
        else if (initgroups && i + 1 == words.size() && i > 0 && is_action(words[i - 1], go_on))
            begin = words[i - 1].begin;
        // With the blank before it, or behind it where it is the first.
        begin = text.find_last_not_of(blanks, begin - 1) + 1;
        ranges.emplace_back(begin, end);
    }
    return ranges;
}

}  // namespace

Result<std::string> with_together(std::string_view text) {
    const auto bare = without_together(text);
    // What an operator wrote in another way, and right, stays.
    if (bare != text && !problem_of_database(text, "passwd") &&
        !problem_of_database(text, "group") && !problem_of_database(text, "initgroups"))
        return std::string(text);
    auto list = insertions(bare);
    if (!list) return tl::make_unexpected(list.error());
    std::sort(list->begin(), list->end(), [](const auto& a, const auto& b) { return a.at > b.at; });
    auto result = bare;
    for (const auto& insertion : *list) result.insert(insertion.at, insertion.text);
    return result;
}

std::string without_together(std::string_view text) {
    std::vector<std::pair<std::size_t, std::size_t>> ranges;
    for (const std::string_view name : {"passwd", "group", "initgroups"})
        for (const auto& database : find_databases(text, name))
            for (const auto& range : our_ranges(text, database, name == "initgroups"))
                ranges.push_back(range);
    std::sort(ranges.rbegin(), ranges.rend());
    std::string result(text);
    for (const auto& [begin, end] : ranges) result.erase(begin, end - begin);
    return result;
}

bool has_database(std::string_view text, std::string_view database) {
    return !find_databases(text, database).empty();
}

std::optional<ServiceProblem> problem_of_database(std::string_view text, std::string_view name) {
    const auto databases = find_databases(text, name);
    if (databases.empty()) {
        if (name == "initgroups") return std::nullopt;  // then group's counts
        return ServiceProblem{"there is no line " + quoted(name)};
    }
    const auto& database = databases.back();
    const auto& words = database.words;
    const auto at = place_of(database, ours);
    const auto files = place_of(database, "files");
    if (at == words.size()) return ServiceProblem{where(database) + quoted(ours) + " is missing"};
    if (files > at)
        return ServiceProblem{where(database) + quoted(ours) + " stands before \"files\"", true};
    for (std::size_t i = files + 1; i < at; ++i) {
        if (!words[i].is_action())
            return ServiceProblem{where(database) + quoted(ours) + " stands behind " +
                                  quoted(words[i].text)};
        if (!is_action(words[i], go_on) && !is_action(words[i], merge))
            return ServiceProblem{where(database) + quoted(words[i].text) + " before " +
                                  quoted(ours) + " ends the look-up, or changes it"};
    }
    if (name == "initgroups" && at == files + 1)
        return ServiceProblem{where(database) + "who has a group in files gets none of " +
                              quoted(ours) + ", without [SUCCESS=continue]"};
    return std::nullopt;
}

std::vector<std::string> lines_of_databases(std::string_view text) {
    std::vector<std::string> lines;
    for (const std::string_view name : {"passwd", "group", "initgroups"})
        for (const auto& database : find_databases(text, name))
            lines.emplace_back(text.substr(database.begin, database.end - database.begin));
    return lines;
}

std::string services_of(std::string_view text, std::string_view name) {
    const auto databases = find_databases(text, name);
    std::string services;
    if (databases.empty()) return services;
    for (const auto& word : databases.back().words)
        services += (services.empty() ? "" : " ") + std::string(word.text);
    return services;
}

}  // namespace together::ctl
