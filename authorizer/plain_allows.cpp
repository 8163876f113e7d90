// SPDX-License-Identifier: Apache-2.0
#include "authorizer/plain_allows.h"

#include <unistd.h>

#include "common/decision/log_line.h"

namespace together::authorizer {

void PlainAllows::add(std::string_view door, std::string_view peer, const Decision& decision) {
    key_.assign(decision.login).append(1, ' ').append(door).append(1, ' ');
    key_.append(permission(decision.action).name);
    if (const auto found = gathered_.find(key_); found != gathered_.end()) {
        ++found->second.times;
    } else if (gathered_.size() < max_gathered) {
        const CallOrigin origin{std::string(door), std::string(peer), ::getpid(), 0};
        gathered_.emplace(key_, Gathered{log_line(decision, origin)});
    }
}

void PlainAllows::turn(Nanoseconds now) {
    if (telling_.empty() && now >= next_) {
        telling_.swap(gathered_);
        next_ = now + told_every;
    }
    tell_what_waits();
}

void PlainAllows::tell() {
    tell_what_waits();
    if (!telling_.empty()) return;
    telling_.swap(gathered_);
    tell_what_waits();
}

void PlainAllows::tell_what_waits() {
    while (!telling_.empty()) {
        const auto one = telling_.begin();
        auto line = one->second.line;
        append_field(line, "times", std::to_string(one->second.times));
        const auto sent = send_(line);
        if (sent == Sent::queue_full) return;
        if (sent == Sent::nobody_there) return telling_.clear();
        telling_.erase(one);
    }
}

}  // namespace together::authorizer
