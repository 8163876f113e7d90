// SPDX-License-Identifier: Apache-2.0
// Who sends a long body has one of few places: so much memory is the most that all of them hold
// together. Thread-safe.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace together::roled {

class BodyPlaces {
  public:
    BodyPlaces(std::size_t max, std::size_t max_of_one) : max_(max), max_of_one_(max_of_one) {}

    // Given back with its last copy, which may outlive this. Null where all are taken.
    std::shared_ptr<const void> take(const std::string& asker);

  private:
    struct Taken {
        std::mutex mutex;
        std::size_t all = 0;
        std::map<std::string, std::size_t> of_one;
    };

    const std::size_t max_, max_of_one_;
    const std::shared_ptr<Taken> taken_ = std::make_shared<Taken>();
};

}  // namespace together::roled
