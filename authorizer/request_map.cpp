// SPDX-License-Identifier: Apache-2.0
#include "authorizer/request_map.h"

#include <algorithm>

#include "common/config/word_list.h"
#include "common/system/parse_number.h"
#include "common/system/trimmed.h"
#include "common/system/trusted_file.h"

namespace together::authorizer {
namespace {

constexpr std::size_t max_file = std::size_t{64} * 1024;
constexpr std::string_view one_segment = "*";
constexpr std::string_view any_rest = "**";

bool is_ambiguous(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= ' ' || byte >= 0x7f ||
           std::string_view("/\\;%?#").find(c) != std::string_view::npos;
}

// What "%41" stands for; nothing where it is malformed, or means something of its own to somebody.
std::optional<char> decoded(std::string_view escape) {
    if (escape.size() != 3) return std::nullopt;
    const auto is_hex = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    };
    if (!is_hex(escape[1]) || !is_hex(escape[2])) return std::nullopt;
    const auto number = parse_number<unsigned>(escape.substr(1), 16);
    const auto c = static_cast<char>(number.value_or(0));
    if (is_ambiguous(c)) return std::nullopt;
    return c;
}

std::optional<std::string> decoded_segment(std::string_view text) {
    std::string segment;
    for (std::size_t i = 0; i < text.size(); ++i) {
        std::optional<char> c = text[i];
        if (text[i] == '%') {
            c = decoded(text.substr(i, 3));
            i += 2;
        } else if (is_ambiguous(text[i])) {
            c.reset();
        }
        if (!c) return std::nullopt;
        segment += *c;
    }
    if (segment.empty() || segment == "." || segment == "..") return std::nullopt;
    return segment;
}

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    while (true) {
        const auto end = text.find(separator);
        parts.emplace_back(text.substr(0, end));
        if (end == text.npos) return parts;
        text.remove_prefix(end + 1);
    }
}

bool fits(const std::vector<std::string>& pattern, const std::vector<std::string>& path) {
    const bool has_rest = !pattern.empty() && pattern.back() == any_rest;
    const auto count = pattern.size() - (has_rest ? 1 : 0);
    if (has_rest ? path.size() < count : path.size() != count) return false;
    for (std::size_t i = 0; i < count; ++i)
        if (pattern[i] != one_segment && pattern[i] != path[i]) return false;
    return true;
}

bool is_method(const std::string& text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

}  // namespace

std::optional<std::vector<std::string>> segments_of(std::string_view target) {
    auto path = target.substr(0, target.find('?'));
    if (!path.starts_with('/')) return std::nullopt;
    path.remove_prefix(1);
    if (path.ends_with('/')) path.remove_suffix(1);
    std::vector<std::string> segments;
    if (path.empty()) return segments;
    for (const auto& part : split(path, '/')) {
        auto segment = decoded_segment(part);
        if (!segment) return std::nullopt;
        segments.push_back(*std::move(segment));
    }
    return segments;
}

Result<RequestMap::Line> RequestMap::line_of(std::string_view text) {
    std::vector<std::string> words;
    for (const auto& word : split(text, ' '))
        if (!word.empty()) words.push_back(word);
    if (words.size() != 3) return failure("not of the form METHOD PATTERN ACTION");
    Line line{split(words[0], ','), {}, {}};
    if (!std::all_of(line.methods.begin(), line.methods.end(), is_method))
        return failure("\"" + words[0] + "\" is no method, as GET or PUT,PATCH");
    const auto action = action_named(words[2]);
    if (!action || permission(*action).level != Level::project)
        return failure("\"" + words[2] + "\" is no action of a project (togetherctl permissions)");
    line.action = *action;
    const auto segments = segments_of(words[1]);
    if (!segments || words[1].ends_with('/'))
        return failure("\"" + words[1] + "\" is no pattern, as /v1/clusters/*");
    line.segments = *segments;
    for (std::size_t i = 0; i < line.segments.size(); ++i) {
        const auto& segment = line.segments[i];
        const bool is_rest = segment == any_rest && i + 1 == line.segments.size();
        if (segment != one_segment && !is_rest && segment.find('*') != segment.npos)
            return failure("\"" + words[1] + "\": * is a whole segment, ** the last one");
    }
    return line;
}

Result<RequestMap> RequestMap::parse(std::string_view text, const std::string& name) {
    RequestMap map;
    int number = 0;
    for (const auto& one : split(text, '\n')) {
        ++number;
        const auto trimmed_line = trimmed(one);
        if (trimmed_line.empty() || trimmed_line.starts_with('#')) continue;
        auto line = line_of(trimmed_line);
        if (!line)
            return failure(name + ":" + std::to_string(number) + ": " + line.error().message);
        map.lines_.push_back(*std::move(line));
    }
    return map;
}

Result<RequestMap> RequestMap::read(const std::string& path) {
    const auto text = read_trusted(path, max_file);
    if (!text) return failure(text.error().message);
    return parse(*text, path);
}

std::optional<Action> RequestMap::action_of(std::string_view method,
                                            std::string_view target) const {
    const auto path = segments_of(target);
    if (!path) return std::nullopt;
    const std::string asked(method == "HEAD" ? "GET" : method);
    for (const auto& line : lines_)
        if (std::find(line.methods.begin(), line.methods.end(), asked) != line.methods.end() &&
            fits(line.segments, *path))
            return line.action;
    return std::nullopt;
}

}  // namespace together::authorizer
