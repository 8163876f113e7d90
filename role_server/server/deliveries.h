// SPDX-License-Identifier: Apache-2.0
// Answers that go to many: a few at a time, for as long as nobody else minds waiting, so that
// whoever has something to say meanwhile is heard. Over TLS one may take three times what it does
// over TCP: what is counted is time.
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
    using Now = std::function<std::chrono::steady_clock::time_point()>;

    // A request that comes meanwhile waits for some four of these: to be accepted, shaken hands
    // with, read and answered.
    static constexpr std::chrono::microseconds max_turn{60};

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
};

}  // namespace together::roled
