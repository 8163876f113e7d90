// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/count/decision_journal.h"

#include <fcntl.h>

#include "common/system/atomic_file.h"
#include "common/system/io.h"
#include "common/system/trusted_file.h"
#include "common/system/utc.h"

namespace together {
namespace {

constexpr mode_t for_root = 0600;
constexpr std::size_t longest_line = 2048;
constexpr std::size_t largest_file = std::size_t{8} * 1024 * 1024;

FileDescriptor open_to_append(const std::string& path) {
    constexpr int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    return FileDescriptor(::open(path.c_str(), flags, for_root));
}

std::string one_line(std::string_view text) {
    std::string line(text.substr(0, longest_line));
    for (char& c : line)
        if (c < ' ' || c > '~') c = '?';
    return line;
}

}  // namespace

DecisionJournal::DecisionJournal(std::string path) : path_(std::move(path)) {
    const auto before = read_trusted(path_, largest_file);
    if (!before) return;
    std::string_view rest = *before;
    while (!rest.empty()) {
        const auto end = rest.find('\n');
        if (end == rest.npos) break;  // cut off with its writer
        last_.emplace_back(rest.substr(0, end + 1));
        if (last_.size() > kept) last_.pop_front();
        rest.remove_prefix(end + 1);
    }
    replace();
}

void DecisionJournal::add(std::int64_t realtime, uid_t sender, std::string_view line) {
    last_.push_back("time=" + format_utc(realtime) + " sender=" + std::to_string(sender) +
                    " number=" + std::to_string(++number_) + " " + one_line(line) + "\n");
    if (last_.size() > kept) last_.pop_front();
    if (++lines_ > 2 * kept) return replace();
    if (!file_) file_ = open_to_append(path_);
    // In one write: a reader sees no half of a line but at the end of a full file system.
    if (file_ && !write_full(file_.get(), last_.back().data(), last_.back().size())) file_ = {};
}

void DecisionJournal::replace() {
    std::string text;
    for (const auto& line : last_) text += line;
    if (replace_file(AtomicFile(path_), text, for_root)) lines_ = last_.size();
    file_ = open_to_append(path_);
}

}  // namespace together
