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
    } else if (gathered_.size() < most) {
        const CallOrigin origin{std::string(door), std::string(peer), ::getpid(), 0};
        gathered_.emplace(key_, Gathered{log_line(decision, origin)});
    }
}

void PlainAllows::turn(Nanoseconds now) {
    if (now < next_) return;
    tell();
    if (gathered_.empty()) next_ = now + told_every;
}

void PlainAllows::tell() {
    while (!gathered_.empty()) {
        const auto one = gathered_.begin();
        auto line = one->second.line;
        append_field(line, "times", std::to_string(one->second.times));
        const auto sent = send_(line);
        if (sent == Sent::queue_full) return;
        if (sent == Sent::nobody_there) return gathered_.clear();
        gathered_.erase(one);
    }
}

}  // namespace together::authorizer
