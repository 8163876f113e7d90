// SPDX-License-Identifier: Apache-2.0
// The backend of the HTTP connections: hands requests to the service on a pool of threads that may
// wait for the database, and holds those that wait for a change. Made, used and destroyed on the
// I/O thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "role_server/http/backend.h"
#include "role_server/server/long_polls.h"
#include "role_server/server/request_handler.h"

namespace together::roled {

class RequestDispatcher final : public Backend {
  public:
    RequestDispatcher(boost::asio::io_context& io, RequestHandler& service,
                      std::size_t max_waiters);
    ~RequestDispatcher() override;
    RequestDispatcher(const RequestDispatcher&) = delete;
    RequestDispatcher& operator=(const RequestDispatcher&) = delete;

    void ask(std::shared_ptr<const Request> request, Phase phase,
             std::function<void(Response)> done) override;
    std::optional<LongPollList::Ticket> begin_long_poll(const LongPoll& poll,
                                                        std::function<void()> wake) override {
        return long_polls_.add(poll, std::move(wake));
    }
    void cancel(LongPollList::Ticket ticket) override { long_polls_.cancel(ticket); }
    bool stopping() const override { return stopping_; }

    // From now on no long poll is taken, /readyz says 503, and connections end with their next
    // answer.
    void begin_to_stop();

  private:
    struct WorkQueue {
        explicit WorkQueue(std::size_t threads) : pool(threads) {}
        boost::asio::thread_pool pool;
        std::size_t asked = 0;
    };

    void look(std::vector<std::string> projects, std::function<void(Revisions)> done);

    boost::asio::io_context& io_;
    RequestHandler& service_;
    LongPolls long_polls_;
    WorkQueue reads_;
    WorkQueue changes_;
    bool stopping_ = false;
};

}  // namespace together::roled
