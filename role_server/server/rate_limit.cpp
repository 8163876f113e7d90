// SPDX-License-Identifier: Apache-2.0
#include "role_server/server/rate_limit.h"

#include <algorithm>

namespace together::roled {
namespace {

constexpr double burst_seconds = 2;
constexpr std::size_t max_remembered = 10'000;

}  // namespace

bool RateLimit::admits(const std::string& asker_id, Time now) {
    const std::lock_guard lock(mutex_);
    auto& bucket = bucket_of(asker_id, now);
    if (bucket.left < 1) return false;
    bucket.left -= 1;
    return true;
}

void RateLimit::charge(const std::string& asker_id, double more, Time now) {
    const std::lock_guard lock(mutex_);
    bucket_of(asker_id, now).left -= more;
}

RateLimit::Bucket& RateLimit::bucket_of(const std::string& asker_id, Time now) {
    if (buckets_.size() >= max_remembered && buckets_.count(asker_id) == 0) forget_full_ones(now);
    auto& bucket =
        buckets_.try_emplace(asker_id, Bucket{per_second_ * burst_seconds, now}).first->second;
    return bucket = {filled(bucket, now), std::max(bucket.filled_at, now)};
}

double RateLimit::filled(const Bucket& bucket, Time now) const {
    const std::chrono::duration<double> since = std::max(now, bucket.filled_at) - bucket.filled_at;
    return std::min(per_second_ * burst_seconds, bucket.left + since.count() * per_second_);
}

// A full bucket is what who is new gets. After burst_seconds of silence each is full.
void RateLimit::forget_full_ones(Time now) {
    std::erase_if(buckets_, [&](const auto& entry) {
        return filled(entry.second, now) >= per_second_ * burst_seconds;
    });
}

std::size_t RateLimit::remembered() const {
    const std::lock_guard lock(mutex_);
    return buckets_.size();
}

}  // namespace together::roled
