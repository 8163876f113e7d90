// SPDX-License-Identifier: Apache-2.0
// SIGTERM and SIGINT stop a server in two steps. First it says so, as in /readyz, while connections
// are still taken, so that a load balancer sends no more; then no more are taken, and those that
// are open end with their answers. I/O thread only.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <vector>

#include "http_server/listener.h"

namespace together::http {

class TwoStepStop {
  public:
    struct Served {
        Listener& listener;
        Connections& open;
    };

    // All of it outlives this. `begin` is the first step, which lasts for `drain`.
    TwoStepStop(boost::asio::io_context& io, std::vector<Served> served, Backend& backend,
                std::chrono::milliseconds drain, std::function<void()> begin);

  private:
    void begin();
    void stop_listening();
    void wait_for_the_last();

    boost::asio::io_context& io_;
    const std::vector<Served> served_;
    Backend& backend_;
    const std::chrono::milliseconds drain_;
    const std::function<void()> begin_;
    boost::asio::signal_set signals_;
    boost::asio::steady_timer timer_;
    std::chrono::steady_clock::time_point give_up_at_;
};

}  // namespace together::http
