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
#include "role_server/server/service.h"
#include "role_server/server/waiters.h"

namespace together::roled {

class Authority final : public Backend {
  public:
    Authority(boost::asio::io_context& io, Service& service, std::size_t max_waiters);
    ~Authority() override;
    Authority(const Authority&) = delete;
    Authority& operator=(const Authority&) = delete;

    void ask(std::shared_ptr<const Request> request, Phase phase,
             std::function<void(Response)> done) override;
    std::optional<WaitList::Ticket> hold(const Hold& hold, std::function<void()> wake) override {
        return waiters_.add(hold, std::move(wake));
    }
    void cancel(WaitList::Ticket ticket) override { waiters_.cancel(ticket); }
    bool stopping() const override { return stopping_; }

    // From now on nobody is held, /readyz says 503, and connections end with their next answer.
    void begin_to_stop();

  private:
    struct Lane {
        explicit Lane(std::size_t threads) : pool(threads) {}
        boost::asio::thread_pool pool;
        std::size_t asked = 0;
    };

    void look(std::vector<std::string> projects, std::function<void(Revisions)> done);

    boost::asio::io_context& io_;
    Service& service_;
    Waiters waiters_;
    Lane reads_;
    Lane changes_;
    bool stopping_ = false;
};

}  // namespace together::roled
