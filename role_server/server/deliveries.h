// SPDX-License-Identifier: Apache-2.0
// Answers that go to many: a few at a time, so that whoever has something to say meanwhile is
// heard. Over TLS one may take three times what it does over TCP: what is counted is time.
//
// All of it on the I/O thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "http_server/backend.h"

namespace together::roled {

class Deliveries {
  public:
    using Askers = std::vector<std::shared_ptr<http::Asker>>;
    using Time = std::chrono::steady_clock::time_point;
    using Now = std::function<Time()>;

    // How long a turn takes: a request that comes meanwhile waits for some four of them, to be
    // accepted, shaken hands with, read and answered. Where others keep the thread for longer than
    // that between two turns, a fifth of its time goes into the answers all the same.
    static constexpr std::chrono::microseconds turn{60};
    static constexpr int others_part = 4;

    explicit Deliveries(boost::asio::io_context& io, Now now = std::chrono::steady_clock::now)
        : io_(io), now_(std::move(now)) {}

    // Calls `delivered` after the last one. To one asker at once; to many in turns, of which the
    // first is at once where nothing else is under way.
    void add(std::shared_ptr<const http::Response> response, Askers askers,
             std::function<void()> delivered);

  private:
    struct Delivery {
        std::shared_ptr<const http::Response> response;
        Askers askers;
        std::function<void()> delivered;
        std::size_t done = 0;
    };

    void take_turn();

    boost::asio::io_context& io_;
    const Now now_;
    std::deque<Delivery> under_way_;
    Time last_turn_{};  // when it ended
};

}  // namespace together::roled
