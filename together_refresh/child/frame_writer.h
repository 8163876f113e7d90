// SPDX-License-Identifier: Apache-2.0
// The child's end of the stream to its parent.
#pragma once

#include <string>

#include "together_refresh/child/frames.h"

namespace together {

// Entries are buffered, all else is written at once; a parent that went away ends the process.
class FrameWriter {
  public:
    explicit FrameWriter(int fd) : fd_(fd) {}

    // From now on no text but an entry's shows it. What an authority sends may have our token in it
    // (an echo in a header, an error page): what is said goes to terminals, logs and files that
    // everybody reads.
    void hide(const std::string& token) { token_ = token; }

    void entry(const RosterEntry& entry);
    void key(const SshKey& key);
    void group(const RosterGroup& group);
    void restart();
    void note(const std::string& text);
    void finding(ConformanceResult finding);
    void finding(AccessFinding finding);
    void summary(FetchSummary summary);
    void uid(const std::string& login, uid_t uid);
    void elsewhere(const std::string& login, uid_t uid);
    void group_elsewhere(const std::string& name, gid_t gid);
    void asked(const std::string& login);
    void end();

  private:
    void hide_in(std::string& text) const;
    void flush();

    int fd_;
    std::string token_;
    std::string buffer_;
};

}  // namespace together
