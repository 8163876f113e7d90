// SPDX-License-Identifier: Apache-2.0
#include "role_server/http/long_poll_list.h"

#include <set>
#include <utility>

namespace together::roled {

std::optional<LongPollList::Ticket> LongPollList::add(const LongPoll& poll, Time now, Wake wake) {
    if (long_polls_.size() >= most_) return std::nullopt;
    const auto ticket = next_++;
    long_polls_.emplace(
        ticket, Waiter{poll.project_id, poll.revision, now + poll.wait, std::move(wake), false});
    return ticket;
}

std::vector<std::string> LongPollList::projects() const {
    std::set<std::string> distinct;
    for (const auto& [ticket, waiter] : long_polls_) distinct.insert(waiter.project_id);
    return {distinct.begin(), distinct.end()};
}

void LongPollList::compare(const Revisions& current) {
    for (auto& [ticket, waiter] : long_polls_) {
        const auto found = current.find(waiter.project_id);
        if (found == current.end()) continue;
        if (!found->second || *found->second > waiter.revision) waiter.changed = true;
    }
}

std::vector<LongPollList::Wake> LongPollList::take_due(Time now) {
    std::vector<Wake> due;
    for (auto at = long_polls_.begin(); at != long_polls_.end();) {
        if (at->second.changed || at->second.deadline <= now) {
            due.push_back(std::move(at->second.wake));
            at = long_polls_.erase(at);
        } else {
            ++at;
        }
    }
    return due;
}

std::vector<LongPollList::Wake> LongPollList::take_all() {
    std::vector<Wake> all;
    for (auto& [ticket, waiter] : long_polls_) all.push_back(std::move(waiter.wake));
    long_polls_.clear();
    return all;
}

}  // namespace together::roled
