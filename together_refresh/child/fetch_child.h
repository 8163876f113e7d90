// SPDX-License-Identifier: Apache-2.0
// The unprivileged child: it speaks HTTP, parses, asks the name service, and can be killed whatever
// it hangs in. It serves one request after the other, so that a watcher keeps its connection.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "together_refresh/child/fetch_pipe.h"
#include "together_refresh/source/fetch.h"

namespace together {

struct FetchResult {
    std::vector<RosterEntry> entries;
    FetchSummary summary;
    std::vector<std::pair<std::string, uid_t>> uids;  // no_uid: the node has no such account
    Nanoseconds since_answer{};                       // how long ago the summary had come
};

using MakeSource = std::unique_ptr<RosterSource> (*)(const Config& config, int roster_file);

// HTTP or a file, as base_url says.
std::unique_ptr<RosterSource> source_for(const Config& config, int roster_file);

class FetchChild {
  public:
    // Forks. `roster_file` is the opened roster for file://, or -1; the child keeps a copy. The
    // source is made in the child, when it has dropped its privileges.
    static Result<std::unique_ptr<FetchChild>> start(const Config& config, int roster_file,
                                                     MakeSource make_source = source_for);
    // Kills and reaps it.
    ~FetchChild();
    FetchChild(const FetchChild&) = delete;
    FetchChild& operator=(const FetchChild&) = delete;

    // Always comes back by the request's deadlines: a child that failed, hung or wrote nonsense is
    // an outcome like any other. `stop`: a descriptor that ends the waiting when it becomes
    // readable, or -1. Afterwards the child may be used again only while usable().
    FetchResult fetch(const FetchRequest& request, int stop, const NoteHandler& note);
    bool usable() const { return usable_; }

  private:
    FetchChild(pid_t pid, FileDescriptor channel) : pid_(pid), channel_(std::move(channel)) {}

    pid_t pid_;
    FileDescriptor channel_;
    bool usable_ = true;
};

}  // namespace together
