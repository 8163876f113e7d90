// Between the unprivileged child and its parent: frames on a pipe, read with suspicion.
//
// A frame is its kind (1 byte), the length of its payload (2 bytes, native order) and the payload.
// Entries come first, then one summary, then uids.
#pragma once

#include <functional>

#include "fetch.h"

namespace together {

// The child's end. Writes are buffered; a parent that went away ends the process.
class PipeSink : public FetchSink {
  public:
    explicit PipeSink(int fd) : fd_(fd) {}
    void entry(const RosterEntry& entry) override;
    void summary(const FetchSummary& summary) override;
    void uid(const std::string& login, uid_t uid) override;
    void note(const std::string& text) override;
    void flush();

  private:
    void frame(char kind, std::string_view payload);

    int fd_;
    std::string buffer_;
};

// What the parent has received so far.
struct Received {
    std::vector<RosterEntry> entries;
    std::optional<FetchSummary> summary;
    std::vector<std::pair<std::string, uid_t>> uids;
};

enum class PipeEnd { closed, deadline, nonsense };

// Reads until the pipe is closed, the deadline passes or a frame makes no sense (then nothing
// received may be used). Until the summary has come, `deadline` holds; after it,
// `lookups_deadline`.
PipeEnd receive(int fd, Deadline deadline, Deadline lookups_deadline, Received& received,
                const std::function<void(const std::string&)>& note);

}  // namespace together
