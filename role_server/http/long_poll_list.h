// SPDX-License-Identifier: Apache-2.0
// Who waits for which project to change, without clock, timer or thread of its own: it is told the
// time and the revisions.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "role_server/http/message.h"

namespace together::roled {

using Revisions = std::map<std::string, std::optional<std::int64_t>>;

class LongPollList {
  public:
    using Time = std::chrono::steady_clock::time_point;
    using Wake = std::function<void()>;
    using Ticket = std::uint64_t;

    explicit LongPollList(std::size_t most) : most_(most) {}

    // Nothing where it is full: answer at once.
    std::optional<Ticket> add(const LongPoll& poll, Time now, Wake wake);
    void cancel(Ticket ticket) { long_polls_.erase(ticket); }

    bool empty() const { return long_polls_.empty(); }
    std::vector<std::string> projects() const;

    // What the database said when it was asked for the revisions of projects(); nothing for a
    // project that is gone. A waiter that came since is not concerned: it may know a newer one.
    // Nobody is woken yet but at the next take_due(), so that changes which follow each other
    // within one round are told together.
    void compare(const Revisions& current);

    // Takes those whose time is up or whose project has changed off the list.
    std::vector<Wake> take_due(Time now);
    std::vector<Wake> take_all();

  private:
    struct Waiter {
        std::string project_id;
        std::int64_t revision;
        Time deadline;
        Wake wake;
        bool changed;
    };

    const std::size_t most_;
    Ticket next_ = 1;
    std::unordered_map<Ticket, Waiter> long_polls_;
};

}  // namespace together::roled
