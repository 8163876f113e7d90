// What is asked of a source of rosters, and what it answers. The sources run in the unprivileged
// child; nothing here is trusted by the parent before it has looked at it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config.h"
#include "helper_process.h"
#include "snapshot.h"

namespace together {

struct FetchRequest {
    const Config* config = nullptr;
    Deadline deadline;          // for the roster
    Deadline lookups_deadline;  // for uids that the authority did not send
    bool verbose = false;
    std::string etag;      // of the stored roster; empty: ask unconditionally
    std::string token;     // read by the parent
    int roster_file = -1;  // opened by the parent, for file://
    // Of the stored roster: whose uid nobody knew. Looked up again where it is not modified.
    std::vector<std::string> without_uid;
};

enum class FetchOutcome : std::uint8_t {
    complete,      // all of the roster was received and is valid
    not_modified,  // the stored one still stands
    no_answer,     // the authority failed, or what it sent is no roster
    token_refused,
    our_fault,  // our own disk, permissions, memory
};

// The end of a fetch: everything about it but the entries.
struct FetchSummary {
    FetchOutcome outcome = FetchOutcome::no_answer;
    std::string message;  // what happened, for a person
    std::string request_id;
    std::string etag;  // only of an answer that was the whole roster
    std::optional<std::int64_t> revision;
    std::uint32_t left_out = 0;
    std::optional<Nanoseconds> retry_after;
    bool was_held = false;  // its age runs from the answer, not from the request
};

// Where a source puts what it finds, in this order: entries, the summary, then uids.
class FetchSink {
  public:
    virtual ~FetchSink() = default;
    virtual void entry(const RosterEntry& entry) = 0;
    virtual void summary(const FetchSummary& summary) = 0;
    virtual void uid(const std::string& login, uid_t uid) = 0;
    // For --verbose: no secret.
    virtual void note(const std::string& text) = 0;
};

class RosterSource {
  public:
    virtual ~RosterSource() = default;
    // Entries go to the sink; the summary is returned.
    virtual FetchSummary fetch(const FetchRequest& request, FetchSink& sink) = 0;
};

}  // namespace together
