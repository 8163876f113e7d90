// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/update/verified_snapshot.h"

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

bool VerifiedSnapshot::is_intact(const Snapshot& snapshot) {
    const Moment now = clock_.now();
    if (is_the_one_seen(snapshot, now)) return true;
    seen_.reset();
    if (!snapshot.verify_intact()) return false;
    const auto& status = snapshot.status();
    if (was_long_ago(status.st_ctim, now))
        seen_ = Seen{status.st_dev,
                     status.st_ino,
                     status.st_size,
                     status.st_ctim,
                     snapshot.header().digest,
                     now};
    return true;
}

bool VerifiedSnapshot::is_the_one_seen(const Snapshot& snapshot, const Moment& now) const {
    const auto& status = snapshot.status();
    return seen_ && status.st_dev == seen_->device && status.st_ino == seen_->inode &&
           status.st_size == seen_->size && status.st_ctim.tv_sec == seen_->changed.tv_sec &&
           status.st_ctim.tv_nsec == seen_->changed.tv_nsec &&
           snapshot.header().digest == seen_->digest &&
           elapsed(seen_->read, now) < read_again_after;
}

const VerifiedSnapshot::Logins& VerifiedSnapshot::logins_to_look_up(const Snapshot& snapshot) {
    const auto& header = snapshot.header();
    if (logins_of_ == header.digest) return logins_;
    logins_ = {};
    if (header.without_uid + header.from_node > 0)
        snapshot.for_each([this](const RosterEntry& entry) {
            if (entry.uid_source == UidSource::none) logins_.without_uid.push_back(entry.login);
            if (entry.uid_source == UidSource::node)
                logins_.with_the_nodes_uid.push_back(entry.login);
        });
    logins_of_ = header.digest;
    return logins_;
}

}  // namespace together
