// SPDX-License-Identifier: Apache-2.0
// The last decisions of this node, for togetherctl decisions: a file with a line for each, oldest
// first. Nobody who sends decisions pushes out another's.
#pragma once

#include <sys/types.h>

#include <compare>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>

#include "common/system/file_descriptor.h"

namespace together {

class DecisionJournal {
  public:
    static constexpr std::size_t kept = 1000;  // of each sender
    // Also of each, of those that stand for several alike ("times"): allows of thousands of people
    // push out no refusal.
    static constexpr std::size_t kept_of_several = 250;

    // Goes on with what is there. One process writes at a time.
    explicit DecisionJournal(std::string path);

    // `line` as another process sent it; what is not printable becomes "?". Before it stand the
    // time, the sender and a number, so that no two lines are alike. Where the file has `kept`
    // lines more than are kept it is replaced by one with those. Where it cannot be written, the
    // line is lost.
    void add(std::int64_t realtime, uid_t sender, std::string_view line);

  private:
    struct Line {
        std::uint64_t place;  // in the order in which they came
        std::string text;
    };

    const std::string& keep(uid_t sender, std::string line);
    std::size_t number_of_lines() const;
    std::string text() const;
    void replace();

    std::string path_;
    FileDescriptor file_;
    struct Kind {
        uid_t sender;
        bool of_several;
        auto operator<=>(const Kind&) const = default;
    };
    std::map<Kind, std::deque<Line>> last_;
    std::uint64_t next_place_ = 0;
    std::uint64_t number_ = 0;
    std::size_t lines_ = 0;
};

}  // namespace together
