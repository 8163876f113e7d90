// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/editing/text_diff.h"

#include <algorithm>
#include <vector>

namespace together::ctl {
namespace {

using Lines = std::vector<std::string_view>;

constexpr std::size_t context = 3;

Lines split(std::string_view text) {
    Lines lines;
    while (!text.empty()) {
        const auto length = std::min(text.find('\n'), text.size() - 1) + 1;
        lines.push_back(text.substr(0, length));
        text.remove_prefix(length);
    }
    return lines;
}

void append(std::string& diff, char sign, const Lines& lines, std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) {
        (diff += sign).append(lines[i]);
        if (!lines[i].ends_with('\n')) diff += "\n\\ No newline at end of file\n";
    }
}

std::string range(std::size_t from, std::size_t to) {
    // An empty range is named by the line before it, diff(1).
    return std::to_string(from == to ? from : from + 1) + "," + std::to_string(to - from);
}

}  // namespace

std::string unified_diff(std::string_view path, std::string_view before, std::string_view after) {
    if (before == after) return {};
    const Lines a = split(before);
    const Lines b = split(after);
    const std::size_t least = std::min(a.size(), b.size());
    std::size_t head = 0;
    while (head < least && a[head] == b[head]) ++head;
    std::size_t tail = 0;
    while (tail < least - head && a[a.size() - 1 - tail] == b[b.size() - 1 - tail]) ++tail;
    const std::size_t from = head - std::min(head, context);
    const std::size_t more = std::min(tail, context);
    const std::size_t to_a = a.size() - tail;
    const std::size_t to_b = b.size() - tail;

    std::string diff = "--- ";
    diff.append(path).append("\n+++ ").append(path).append("\n@@ -");
    diff += range(from, to_a + more) + " +" + range(from, to_b + more) + " @@\n";
    append(diff, ' ', a, from, head);
    append(diff, '-', a, head, to_a);
    append(diff, '+', b, head, to_b);
    append(diff, ' ', a, to_a, to_a + more);
    return diff;
}

}  // namespace together::ctl
