// SPDX-License-Identifier: Apache-2.0
// The unprivileged child, as its parent sees it: it speaks HTTP, parses, asks the name service, and
// can be killed whatever it hangs in. It serves one request after the other, so that a watcher
// keeps its connection. What it does is tasks.h.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/node_config/node_config.h"
#include "together_refresh/child/answer_reader.h"
#include "together_refresh/process/forked_process.h"

namespace together {

struct FetchResult {
    std::vector<RosterEntry> entries;
    RosterAccounts accounts;
    FetchSummary summary;
    std::vector<std::pair<std::string, uid_t>> uids;  // no_uid: the node has no such account
    Nanoseconds since_answer{};                       // how long ago the summary had come
};

class UnprivilegedChild {
  public:
    // Forks; it ends with this. `roster_file` is the opened roster for file://, or -1; the child
    // keeps a copy.
    static Result<std::unique_ptr<UnprivilegedChild>> start(const NodeConfig& config,
                                                            int roster_file);

    // Always comes back by the request's deadlines: a child that failed, hung or wrote nonsense is
    // an outcome like any other. `stop`: a descriptor that ends the waiting when it becomes
    // readable, or -1. Afterwards the child may be used again only while usable().
    FetchResult fetch(const FetchRequest& request, int stop, const NoteHandler& note);
    bool usable() const { return usable_; }

    // What the authority is like, as far as it was seen within `limit`. The error says why it could
    // not be tried.
    Result<std::vector<ConformanceResult>> check_conformance(const std::string& token,
                                                             Nanoseconds limit);
    Result<std::vector<AccessFinding>> check_access(const std::string& token, Nanoseconds limit);

    // Tells whom this node, which says `node` of itself, let in.
    FetchSummary report_last_seen(const std::string& token, const std::string& node,
                                  std::vector<PersonSeen> people, Nanoseconds limit);

  private:
    UnprivilegedChild(ForkedProcess process, FileDescriptor channel)
        : channel_(std::move(channel)), process_(std::move(process)) {}
    PipeEnd ask(const ChildRequest& request, int stop, const NoteHandler& note, Received& received);
    PipeEnd ask_within(Nanoseconds limit, ChildRequest request, Received& received);
    Result<Received> check(ChildTask task, const std::string& token, Nanoseconds limit);

    FileDescriptor channel_;
    ForkedProcess process_;
    bool usable_ = true;
};

}  // namespace together
