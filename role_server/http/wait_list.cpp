// SPDX-License-Identifier: Apache-2.0
#include "role_server/http/wait_list.h"

#include <set>
#include <utility>

namespace together::roled {

std::optional<WaitList::Ticket> WaitList::add(const Hold& hold, Time now, Wake wake) {
    if (waiters_.size() >= most_) return std::nullopt;
    const auto ticket = next_++;
    waiters_.emplace(
        ticket, Waiter{hold.project_id, hold.revision, now + hold.wait, std::move(wake), false});
    return ticket;
}

std::vector<std::string> WaitList::projects() const {
    std::set<std::string> distinct;
    for (const auto& [ticket, waiter] : waiters_) distinct.insert(waiter.project_id);
    return {distinct.begin(), distinct.end()};
}

void WaitList::compare(const Revisions& current) {
    for (auto& [ticket, waiter] : waiters_) {
        const auto found = current.find(waiter.project_id);
        if (found == current.end()) continue;
        if (!found->second || *found->second > waiter.revision) waiter.changed = true;
    }
}

std::vector<WaitList::Wake> WaitList::take_due(Time now) {
    std::vector<Wake> due;
    for (auto at = waiters_.begin(); at != waiters_.end();) {
        if (at->second.changed || at->second.deadline <= now) {
            due.push_back(std::move(at->second.wake));
            at = waiters_.erase(at);
        } else {
            ++at;
        }
    }
    return due;
}

std::vector<WaitList::Wake> WaitList::take_all() {
    std::vector<Wake> all;
    for (auto& [ticket, waiter] : waiters_) all.push_back(std::move(waiter.wake));
    waiters_.clear();
    return all;
}

}  // namespace together::roled
