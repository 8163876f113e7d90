// SPDX-License-Identifier: Apache-2.0
// Lines of ours in a file that belongs to somebody else: between two comments, so that they can be
// taken out again and nothing else is touched. Pure functions over texts; any bytes are allowed.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/system/result.h"

namespace together::ctl {

inline constexpr std::string_view block_begin =
    "# together-access: begin (togetherctl enable wrote this, togetherctl disable takes it out)";
inline constexpr std::string_view block_end = "# together-access: end";

// Two blocks can stand in one file, each with comments of its own.
struct BlockComments {
    std::string_view begin;
    std::string_view end;
};
inline constexpr BlockComments gate_block = {block_begin, block_end};

// Lines without their newlines, in order; what an admin wrote between the comments, too. Empty
// where there is no block. Fails where one comment stands without the other.
together::Result<std::vector<std::string>> lines_in_block(std::string_view text,
                                                          const BlockComments& of = gate_block);

// `offset` is the beginning of a line, or the end of the text.
std::string with_block(std::string_view text, std::size_t offset,
                       const std::vector<std::string>& lines, const BlockComments& of = gate_block);

// The exact inverse: without_block(with_block(text, …)) is `text`, byte for byte.
together::Result<std::string> without_block(std::string_view text,
                                            const BlockComments& of = gate_block);

// Fails where an admin wrote a line of his own between the comments: without_block would lose it.
// Blank lines are nobody's.
using IsOurs = std::function<bool(std::string_view line)>;
together::Result<void> only_ours_in_block(std::string_view text, const IsOurs& is_ours,
                                          const BlockComments& of = gate_block);

// Where the first comment stands; the size of the text where there is none.
std::size_t offset_of_block(std::string_view text);

// The number of the line that holds the offset, from 1.
std::size_t line_number(std::string_view text, std::size_t offset);

}  // namespace together::ctl
