// SPDX-License-Identifier: Apache-2.0
// How much a thread may compute for those that come now and then: a part of each span of time.
#pragma once

#include <atomic>
#include <chrono>

namespace together::http {

class Allowance {
  public:
    using Time = std::chrono::steady_clock::time_point;
    using Duration = Time::duration;

    // A fifth of a core, of which nobody waits for more than what is left of a span.
    static constexpr std::chrono::milliseconds span{100};
    static constexpr std::chrono::milliseconds part{20};

    // On any thread.
    bool is_left(Time now) const {
        return now.time_since_epoch().count() >= used_up_until_.load(std::memory_order_relaxed);
    }

    // On the thread that computes.
    void use(Time now, Duration computed) {
        if (now >= end_) {
            end_ = now + span;
            used_ = Duration::zero();
        }
        used_ += computed;
        if (used_ >= part)
            used_up_until_.store(end_.time_since_epoch().count(), std::memory_order_relaxed);
    }

  private:
    Time end_{};
    Duration used_{};
    std::atomic<Duration::rep> used_up_until_{0};
};

}  // namespace together::http
