// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/editing/marked_block.h"

#include <algorithm>
#include <optional>

namespace together::ctl {
namespace {

using together::failure;
using together::Result;

// Recognized by its beginning: what stands in brackets may be worded anew in another release.
std::string_view sign_of(std::string_view comment) {
    return comment.substr(0, comment.find(" ("));
}

struct Block {
    std::size_t begin;
    std::size_t inside;  // the first line between the comments
    std::size_t end_comment;
    std::size_t end;  // past the last comment's newline, where it has one
};

std::size_t end_of_line(std::string_view text, std::size_t offset) {
    const auto newline = text.find('\n', offset);
    return newline == text.npos ? text.size() : newline + 1;
}

Result<std::optional<Block>> find_block(std::string_view text, const BlockComments& of) {
    const auto begin_sign = sign_of(of.begin);
    const auto end_sign = sign_of(of.end);
    std::optional<std::size_t> begin;
    for (std::size_t at = 0; at < text.size(); at = end_of_line(text, at)) {
        const auto line = text.substr(at);
        if (line.starts_with(begin_sign)) {
            if (begin) break;
            begin = at;
        } else if (line.starts_with(end_sign)) {
            if (!begin)
                return failure("line " + std::to_string(line_number(text, at)) + ": \"" +
                               std::string(end_sign) +
                               "\" stands without its beginning; fix it by hand");
            return Block{*begin, end_of_line(text, *begin), at, end_of_line(text, at)};
        }
    }
    if (begin)
        return failure("line " + std::to_string(line_number(text, *begin)) + ": \"" +
                       std::string(begin_sign) + "\" stands without its end; fix it by hand");
    return std::nullopt;
}

}  // namespace

std::size_t line_number(std::string_view text, std::size_t offset) {
    const auto before = text.substr(0, offset);
    return 1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
}

std::size_t offset_of_block(std::string_view text) {
    for (std::size_t at = 0; at < text.size(); at = end_of_line(text, at))
        if (text.substr(at).starts_with(sign_of(block_begin))) return at;
    return text.size();
}

Result<std::vector<std::string>> lines_in_block(std::string_view text, const BlockComments& of) {
    const auto block = find_block(text, of);
    if (!block) return tl::make_unexpected(block.error());
    std::vector<std::string> lines;
    if (!*block) return lines;
    for (std::size_t at = (*block)->inside; at < (*block)->end_comment;) {
        const auto next = end_of_line(text, at);
        lines.emplace_back(text.substr(at, next - at - 1));
        at = next;
    }
    return lines;
}

std::string with_block(std::string_view text, std::size_t offset,
                       const std::vector<std::string>& lines, const BlockComments& of) {
    std::string block = std::string(of.begin) + "\n";
    for (const auto& line : lines) block += line + "\n";
    block += std::string(of.end) + "\n";
    std::string result(text.substr(0, offset));
    // Behind a last line without a newline the block ends without one: that is how without_block
    // knows.
    if (!result.empty() && result.back() != '\n') {
        result += '\n';
        block.pop_back();
    }
    return result.append(block).append(text.substr(offset));
}

Result<std::string> without_block(std::string_view text, const BlockComments& of) {
    std::string result(text);
    while (true) {
        const auto found = find_block(result, of);
        if (!found) return tl::make_unexpected(found.error());
        if (!*found) return result;
        auto [begin, inside, end_comment, end] = **found;
        const bool ends_without_newline = end == result.size() && result.back() != '\n';
        if (ends_without_newline && begin > 0) --begin;
        result.erase(begin, end - begin);
    }
}

Result<void> only_ours_in_block(std::string_view text, const IsOurs& is_ours,
                                const BlockComments& of) {
    // Of half a block nobody can tell what stands in it.
    if (auto whole = without_block(text, of); !whole) return tl::make_unexpected(whole.error());
    const auto begin_sign = sign_of(of.begin);
    const auto end_sign = sign_of(of.end);
    bool inside = false;
    for (std::size_t at = 0; at < text.size();) {
        const auto next = end_of_line(text, at);
        const auto line = text.substr(at, text.find('\n', at) - at);
        if (line.starts_with(begin_sign) || line.starts_with(end_sign))
            inside = line.starts_with(begin_sign);
        else if (inside && line.find_first_not_of(" \t\r\n") != line.npos && !is_ours(line))
            return failure("line " + std::to_string(line_number(text, at)) +
                           " stands between togetherctl's comments and is not togetherctl's: "
                           "move it out of there");
        at = next;
    }
    return {};
}

}  // namespace together::ctl
