// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/removal/who_left.h"

#include <algorithm>

namespace together {
namespace {

Leaver leaver_of(const RosterEntry& entry) {
    Leaver leaver;
    leaver.login = entry.login;
    leaver.user_id = entry.user_id;
    if (entry.uid_source != UidSource::none) leaver.uid = entry.uid;
    return leaver;
}

}  // namespace

PeopleOf::PeopleOf(const SeenRoster& roster) {
    for (const auto& entry : roster.entries) {
        logins_.insert(entry.login);
        user_ids_.insert(entry.user_id);
        if (entry.uid_source != UidSource::none) uids_.insert(entry.uid);
    }
}

bool PeopleOf::has(const Leaver& leaver) const {
    return logins_.contains(leaver.login) || user_ids_.contains(leaver.user_id) ||
           (leaver.uid && uids_.contains(*leaver.uid));
}

std::vector<Leaver> who_left(const SeenRoster& before, const SeenRoster& now) {
    const PeopleOf people(now);
    std::vector<Leaver> left;
    for (const auto& entry : before.entries) {
        // Of one that two have nobody could say whose the sessions are.
        if (entry.login_shared || entry.uid_shared) continue;
        auto leaver = leaver_of(entry);
        if (!people.has(leaver)) left.push_back(std::move(leaver));
    }
    return left;
}

std::size_t max_at_once(const Config& config, std::size_t entries) {
    if (config.on_removal_limit) return *config.on_removal_limit;
    constexpr std::size_t usual = 10;
    const std::size_t most = std::max<std::size_t>(1, entries / 2);
    return std::min(std::max(usual, entries / 10), most);
}

}  // namespace together
