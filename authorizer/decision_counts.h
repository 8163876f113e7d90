// SPDX-License-Identifier: Apache-2.0
// How often which answer was given, for Prometheus. Labels name no person. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "common/decision/decision.h"

namespace together::authorizer {

class DecisionCounts {
  public:
    void add(std::string_view door, const Decision& decision);
    // Answers that need no decision, of the Kubernetes door.
    void add_discovery() { ++discovery_; }
    void add_not_ours() { ++not_ours_; }

    // In Prometheus' text format.
    std::string text() const;

  private:
    struct Key {
        std::string_view door;
        Action action;
        Verdict verdict;
        Reason reason;
        auto operator<=>(const Key&) const = default;
    };
    std::map<Key, std::uint64_t> counts_;
    std::uint64_t discovery_ = 0;
    std::uint64_t not_ours_ = 0;
};

}  // namespace together::authorizer
