// SPDX-License-Identifier: Apache-2.0
// Long polls: requests that wait until their project changes. A LongPollList with a timer: while
// somebody waits, the revisions of the watched projects are compared every 200 ms. Polling the
// database is one way for SQLite and PostgreSQL, and sees what the command line or another replica
// changed.
//
// All of it on the I/O thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <optional>
#include <vector>

#include "role_server/http/long_poll_list.h"

namespace together::roled {

class LongPolls {
  public:
    // Asks the database for the revisions, elsewhere; `done` is to be called on the I/O thread.
    using Look =
        std::function<void(std::vector<std::string> projects, std::function<void(Revisions)> done)>;

    LongPolls(boost::asio::io_context& io, std::size_t most, Look look);

    // `wake` is called once, from the timer or from release_all(), unless cancelled before.
    std::optional<LongPollList::Ticket> add(const LongPoll& poll, LongPollList::Wake wake);
    void cancel(LongPollList::Ticket ticket) { list_.cancel(ticket); }

    // Wakes everybody, and holds nobody any more.
    void release_all();

  private:
    void schedule();
    void round();
    void look();

    LongPollList list_;
    Look look_;
    boost::asio::steady_timer timer_;
    bool ticking_ = false;
    bool looking_ = false;
    bool closed_ = false;
};

}  // namespace together::roled
