// SPDX-License-Identifier: Apache-2.0
// A line of JSON for each request that was answered, written by a thread of its own: where standard
// error takes no more, requests go on and lines are left out. A line never holds a token, a query
// or a body.
#pragma once

#include <atomic>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "role_server/messages/message.h"

namespace together::roled {

class RequestLog {
  public:
    // May block. On the log's thread.
    using Write = std::function<void(std::string_view line)>;

    explicit RequestLog(Write write, std::size_t max_waiting = 10'000);
    // Waits for the lines that are left.
    ~RequestLog();
    RequestLog(const RequestLog&) = delete;
    RequestLog& operator=(const RequestLog&) = delete;

    // One thread; does not block. `now` in seconds since 1970.
    void answered(const Request& request, unsigned status, std::chrono::nanoseconds took,
                  std::int64_t now);

    // The next line would be left out.
    bool is_full() const { return waiting_ >= max_waiting_; }

  private:
    const Write write_;
    const std::size_t max_waiting_;
    std::size_t left_out_ = 0;  // since the last line
    std::atomic<std::size_t> waiting_ = 0;
    boost::asio::thread_pool thread_;
};

}  // namespace together::roled
