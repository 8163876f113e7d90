// SPDX-License-Identifier: Apache-2.0
// How often which answer was given at this node's doors, for Prometheus. Labels name no person.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace together {

class DecisionTally {
  public:
    // `line` is log_line()'s, from another process. False where it is none.
    bool add(std::string_view line);

    // In Prometheus' text format.
    std::string text() const;

  private:
    std::map<std::array<std::string, 3>, std::uint64_t> counts_;  // action, verdict, reason
    std::uint64_t malformed_ = 0;
};

}  // namespace together
