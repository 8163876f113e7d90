// SPDX-License-Identifier: Apache-2.0
// Between the unprivileged child and its parent: frames on a stream socket. The child trusts its
// parent; the parent reads with suspicion.
//
// A frame is its kind (1 byte), the length of its payload (2 bytes, native order) and the payload.
// An answer is entries (a restart forgets them), one summary, uids, and an end.
#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "together_refresh/source/fetch.h"

namespace together {

// The child's end. Writes are buffered; a parent that went away ends the process.
class PipeSink {
  public:
    explicit PipeSink(int fd) : fd_(fd) {}
    void entry(const RosterEntry& entry);
    void restart();
    void summary(const FetchSummary& summary);
    void uid(const std::string& login, uid_t uid);  // no_uid: the node has no such account
    void note(const std::string& text);
    void end();

  private:
    void frame(char kind, std::string_view payload);
    void flush();

    int fd_;
    std::string buffer_;
};

// Requests, the other way. send_request() fails where the child is gone, receive_request() gives
// nothing where the parent is.
bool send_request(int fd, const FetchRequest& request);
std::optional<FetchRequest> receive_request(int fd);

// What the parent has received so far.
struct Received {
    std::vector<RosterEntry> entries;
    std::optional<FetchSummary> summary;
    Deadline answered;  // when the summary came
    std::vector<std::pair<std::string, uid_t>> uids;
};

enum class PipeEnd {
    complete,  // the whole answer, its end included
    closed,    // the child ended
    deadline,  // what was received before it may be used where the summary is among it
    stopped,   // `stop` became readable
    nonsense,  // nothing received may be used
};

// For --verbose.
using NoteHandler = std::function<void(const std::string&)>;

// By when uids are looked up, once the summary was there.
Deadline lookups_end(const FetchRequest& request, Deadline answered);

// Until the summary has come, the request's deadline holds; after it, lookups_end().
PipeEnd receive(int fd, const FetchRequest& request, int stop, Received& received,
                const NoteHandler& note);

}  // namespace together
