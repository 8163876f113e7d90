// SPDX-License-Identifier: Apache-2.0
// Whom the authority is to be told of, and when: each person once an hour, in one report a minute.
// Pure; one thread. `now`: CLOCK_BOOTTIME.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/system/clock.h"
#include "together_refresh/source/last_seen_report.h"

namespace together {

class PeopleSeen {
  public:
    // Who comes while so many wait is told of when they come again.
    static constexpr std::size_t max_waiting = 1000;

    // `gather_for`: from the first who waits to the report. A thousand nodes may see somebody in
    // one instant.
    explicit PeopleSeen(Nanoseconds gather_for) : gather_for_(gather_for) {}

    // Whether add() would take them.
    bool wants(const std::string& login, Nanoseconds now) const;
    void add(const std::string& login, PersonSeen person, Nanoseconds now);

    // Those of the next report, where it is due; then one of the two below before the next one.
    std::vector<PersonSeen> due(Nanoseconds now);
    void delivered(Nanoseconds now);
    // They wait on, `retry_after` at least. `jitter` is a random number from 0 to 1.
    void failed(Nanoseconds now, std::optional<Nanoseconds> retry_after, double jitter);

  private:
    const Nanoseconds gather_for_;
    std::map<std::string, PersonSeen> waiting_;  // by login
    std::map<std::string, Nanoseconds> told_;    // in the last hour
    std::vector<std::string> under_way_;
    Nanoseconds not_before_{};
    std::uint32_t failures_ = 0;
};

}  // namespace together
