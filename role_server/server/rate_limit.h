// SPDX-License-Identifier: Apache-2.0
// How often one person or one project's key may ask: a token bucket for each, which holds two
// seconds' worth. Whoever makes more tokens does not get more. Only for requests that were
// authenticated, or a stranger could use up another's. Never for nodes: a cluster shares one key,
// and all of it asks at once after a change. Questions are limited to people alone: a gateway asks
// for all of its users.
//
// What takes long counts as several: nobody has more than a quarter of a core, or one Member of a
// project of ten thousand could have each refusal of theirs look through all of its Admins.
#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>
#include <unordered_map>

namespace together::roled {

// Thread-safe.
class RateLimit {
  public:
    using Time = std::chrono::steady_clock::time_point;

    explicit RateLimit(double per_second) : per_second_(per_second) {}

    // False: not yet; one more is allowed within a second, which is what Retry-After says of a 429.
    bool admits(const std::string& asker_id, Time now);

    // That what was admitted was as much work as so many more. Whoever owes is admitted again when
    // it is paid: refusing costs little only where nothing was read for it.
    void charge(const std::string& asker_id, double more, Time now);

    // How many of those that are allowed take so much of the processor.
    double worth(std::chrono::duration<double> processor) const {
        return processor.count() * per_second_ / share_of_a_core;
    }

    std::size_t remembered() const;

  private:
    static constexpr double share_of_a_core = 0.25;

    struct Bucket {
        double left;
        Time filled_at;
    };

    Bucket& bucket_of(const std::string& asker_id, Time now);
    double filled(const Bucket& bucket, Time now) const;
    void forget_full_ones(Time now);

    const double per_second_;
    mutable std::mutex mutex_;
    std::unordered_map<std::string, Bucket> buckets_;
};

inline constexpr double changes_per_second = 50;
inline constexpr double reads_per_second = 500;
// Of a batch, each counts.
inline constexpr double questions_per_second = 1000;
// Each of these has all nodes of a project fetch its roster again.
inline constexpr double roster_changes_per_second = 10;

}  // namespace together::roled
