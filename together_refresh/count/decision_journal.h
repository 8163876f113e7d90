// SPDX-License-Identifier: Apache-2.0
// The last decisions of this node, for togetherctl decisions: a file with a line for each, oldest
// first.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "common/system/file_descriptor.h"

namespace together {

class DecisionJournal {
  public:
    static constexpr std::size_t kept = 1000;

    // Goes on with what is there. One process writes at a time.
    explicit DecisionJournal(std::string path);

    // `line` as another process sent it; what is not printable becomes "?". Before it stand the
    // time, the sender and a number, so that no two lines are alike. The file has at most twice
    // `kept` lines: then it is replaced by one with the last of them. Where it cannot be written,
    // the line is lost.
    void add(std::int64_t realtime, uid_t sender, std::string_view line);

  private:
    void replace();

    std::string path_;
    FileDescriptor file_;
    std::deque<std::string> last_;
    std::uint64_t number_ = 0;
    std::size_t lines_ = 0;
};

}  // namespace together
