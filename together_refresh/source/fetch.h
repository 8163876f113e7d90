// SPDX-License-Identifier: Apache-2.0
// What is asked of a source of rosters, and what it answers. The sources run in the unprivileged
// child; nothing here is trusted by the parent before it has looked at it.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/accounts/roster_accounts.h"
#include "common/config/config.h"
#include "common/on_demand/helper_process.h"
#include "common/roster/snapshot.h"
#include "http_client/reserved_ports.h"

namespace together {

struct RosterPage;

// One question. What it is asked with from the configuration the child has already.
struct FetchRequest {
    Deadline deadline;  // for the roster
    // For uids that the authority did not send: by then, and no longer than that after the answer.
    Deadline lookups_deadline;
    Nanoseconds lookups_limit{};
    // a long poll: the authority may wait this long for news (RFC 7240). Zero: it answers at
    // once.
    std::chrono::seconds wait{0};
    // For a long poll: by when its answer must begin.
    Deadline first_byte_deadline;
    std::string etag;   // of the stored roster; empty: ask unconditionally
    std::string node;   // what this node says of itself: Together-Node; empty: nothing
    std::string token;  // read by the parent, anew for each request
    // Of the stored roster, where it is not modified: whose uid nobody knew, and some whose uid
    // this node gave, because an account can be removed and its uid given to somebody else.
    std::vector<std::string> to_look_up;
    std::vector<std::string> addresses;  // of the authority, for when its name cannot be looked up
    // For connections, when this node's other ports are used up; each can be taken once.
    std::shared_ptr<ReservedSockets> sockets;
};

enum class FetchOutcome : std::uint8_t {
    complete,      // all of the roster was received and is valid
    not_modified,  // the stored one still stands
    no_answer,     // the authority failed, or what it sent is no roster
    token_refused,
    our_fault,  // our own disk, permissions, memory, ports
    stopped,    // we were told to end; never sent by a child
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
    std::string address;         // where a valid answer came from
    bool was_answered = false;   // by the authority, whatever it said
    bool needs_port = false;     // it failed for want of a port: another try with `sockets` may not
    bool was_long_poll = false;  // its age runs from the answer, not from the request
};

// Where a source puts what it finds.
class FetchSink {
  public:
    virtual ~FetchSink() = default;
    virtual void entry(const RosterEntry& entry) = 0;
    // Of the last entry. Both only where [accounts] is enabled, the group before the summary.
    virtual void key(const SshKey& key) = 0;
    virtual void group(const RosterGroup& group) = 0;
    // Forget all of these: the roster changed while its pages were read.
    virtual void restart() = 0;
    // For --verbose: no secret.
    virtual void note(const std::string& text) = 0;
};

class RosterSource {
  public:
    virtual ~RosterSource() = default;
    // Entries go to the sink; the summary is returned.
    virtual FetchSummary fetch(const FetchRequest& request, FetchSink& sink) = 0;
};

// A page's entries, each with its keys.
void give_entries(const RosterPage& page, FetchSink& sink);

// An outcome without a roster.
FetchSummary failed_fetch(FetchOutcome outcome, std::string message);

}  // namespace together
