// SPDX-License-Identifier: Apache-2.0
// Long polls: requests that wait until their project changes. A LongPollList with timers. While
// somebody waits, one number in the database is looked at every 100 ms, which tells of changes by
// others; a change by this process is told of by itself. The revisions are compared 50 ms later, so
// that changes which follow each other are told together. Polling is one way for SQLite and
// PostgreSQL.
//
// All of it on the I/O thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "role_server/server/long_poll_list.h"

namespace together::roled {

class LongPolls {
  public:
    using Due = LongPollList::Due;
    using Ticket = LongPollList::Ticket;

    struct Looked {
        std::optional<std::int64_t> counter;  // read before the revisions
        Revisions revisions;
    };
    // Done elsewhere, on a thread that may wait for the database; `done` on the I/O thread.
    using Look =
        std::function<void(std::vector<std::string> projects, std::function<void(Looked)> done)>;
    using Tell = std::function<void(std::vector<Due>)>;

    LongPolls(boost::asio::io_context& io, LongPollList::Limits limits, Look look, Tell tell);

    // Nothing where it is to be answered at once.
    std::optional<Ticket> add(const LongPoll& poll, const Request& request, bool is_a_persons,
                              std::shared_ptr<http::Asker> asker);
    void cancel(Ticket ticket) { list_.cancel(ticket); }
    std::size_t waiting() const { return list_.size(); }

    // Something has changed, perhaps in a project that somebody waits for.
    void on_change();

    // Tells everybody, and holds nobody any more.
    void release_all();

  private:
    void await_round();
    void round();
    void look(std::vector<std::string> projects);
    void on_looked(const Looked& looked);

    LongPollList list_;
    const Look look_;
    const Tell tell_;
    boost::asio::steady_timer round_, change_;
    std::optional<std::int64_t> counter_;
    bool in_round_ = false;
    bool changing_ = false;  // there is news, and perhaps more to come
    bool looking_ = false;
    bool look_again_ = false;
    bool closed_ = false;
};

}  // namespace together::roled
