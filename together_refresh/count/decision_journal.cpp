// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/count/decision_journal.h"

#include <fcntl.h>

#include <algorithm>
#include <vector>

#include "common/decision/decision_report.h"
#include "common/decision/log_fields.h"
#include "common/system/atomic_file.h"
#include "common/system/io.h"
#include "common/system/trusted_file.h"
#include "common/system/uids.h"
#include "common/system/utc.h"

namespace together {
namespace {

constexpr mode_t for_root = 0600;
constexpr std::size_t max_line = 2048;

FileDescriptor open_to_append(const std::string& path) {
    constexpr int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    return FileDescriptor(::open(path.c_str(), flags, for_root));
}

std::string one_line(std::string_view text) {
    std::string line(text.substr(0, max_line));
    for (char& c : line)
        if (c < ' ' || c > '~') c = '?';
    return line;
}

}  // namespace

DecisionJournal::DecisionJournal(std::string path) : path_(std::move(path)) {
    const auto before = read_trusted(path_, max_decisions_journal);
    if (!before) return;
    std::string_view rest = *before;
    while (!rest.empty()) {
        const auto end = rest.find('\n');
        if (end == rest.npos) break;  // cut off with its writer
        std::string line(rest.substr(0, end + 1));
        if (const auto sender = parse_uid(field_in(line, "sender"))) keep(*sender, std::move(line));
        rest.remove_prefix(end + 1);
    }
    replace();
}

const std::string& DecisionJournal::keep(uid_t sender, std::string line) {
    const bool of_several = !field_in(line, "times").empty();
    auto& lines = last_[{sender, of_several}];
    lines.push_back({next_place_++, std::move(line)});
    if (lines.size() > (of_several ? kept_of_several : kept)) lines.pop_front();
    return lines.back().text;
}

std::size_t DecisionJournal::number_of_lines() const {
    std::size_t number = 0;
    for (const auto& [kind, lines] : last_) number += lines.size();
    return number;
}

std::string DecisionJournal::text() const {
    std::vector<const Line*> all;
    for (const auto& [kind, lines] : last_)
        for (const auto& line : lines) all.push_back(&line);
    std::sort(all.begin(), all.end(),
              [](const Line* a, const Line* b) { return a->place < b->place; });
    std::string text;
    for (const auto* line : all) text += line->text;
    return text;
}

void DecisionJournal::add(std::int64_t realtime, uid_t sender, std::string_view line) {
    const auto& written =
        keep(sender, "time=" + format_utc(realtime) + " sender=" + std::to_string(sender) +
                         " number=" + std::to_string(++number_) + " " + one_line(line) + "\n");
    if (++lines_ > number_of_lines() + kept) return replace();
    if (!file_) file_ = open_to_append(path_);
    // In one write: a reader sees no half of a line but at the end of a full file system.
    if (file_ && !write_full(file_.get(), written.data(), written.size())) file_ = {};
}

void DecisionJournal::replace() {
    // Where that fails it is not tried again with each decision.
    (void)replace_file(AtomicFile(path_), text(), for_root);
    lines_ = number_of_lines();
    file_ = open_to_append(path_);
}

}  // namespace together
