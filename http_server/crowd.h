// SPDX-License-Identifier: Apache-2.0
// Tells the few that come now and then from a crowd, by how many come within a tenth of a second.
#pragma once

#include <chrono>
#include <cstddef>

namespace together::http {

class Crowd {
  public:
    using Time = std::chrono::steady_clock::time_point;

    // Their handshakes take a fifth of a core at most.
    static constexpr std::size_t few = 32;
    static constexpr std::chrono::milliseconds moment{100};

    // One more comes: whether it is of a crowd.
    bool takes_in(Time now) {
        if (now >= end_) {
            end_ = now + moment;
            came_ = 0;
        }
        return ++came_ > few;
    }

  private:
    Time end_{};
    std::size_t came_ = 0;
};

}  // namespace together::http
