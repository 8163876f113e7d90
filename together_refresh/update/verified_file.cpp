// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/update/verified_file.h"

#include <cstdint>

namespace together {
namespace {

using namespace std::chrono_literals;

constexpr auto read_again_after = 1h;

// A file system's clock ticks every few milliseconds, FAT's every two seconds: who writes within
// one tick leaves the time of the change as it is.
bool was_long_ago(const timespec& changed, const Moment& now) {
    constexpr std::int64_t coarsest_tick = 2;
    return now.realtime / 1'000'000'000 - changed.tv_sec > coarsest_tick;
}

}  // namespace

bool VerifiedFile::is_intact(const struct stat& status, const Digest& digest,
                             const std::function<bool()>& verify) {
    const Moment now = clock_.now();
    if (is_the_one_seen(status, digest, now)) return true;
    seen_.reset();
    if (!verify()) return false;
    if (was_long_ago(status.st_ctim, now))
        seen_ = Seen{status.st_dev, status.st_ino, status.st_size, status.st_ctim, digest, now};
    return true;
}

bool VerifiedFile::is_the_one_seen(const struct stat& status, const Digest& digest,
                                   const Moment& now) const {
    return seen_ && status.st_dev == seen_->device && status.st_ino == seen_->inode &&
           status.st_size == seen_->size && status.st_ctim.tv_sec == seen_->changed.tv_sec &&
           status.st_ctim.tv_nsec == seen_->changed.tv_nsec && digest == seen_->digest &&
           elapsed(seen_->read, now) < read_again_after;
}

}  // namespace together
