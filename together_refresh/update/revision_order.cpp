// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/update/revision_order.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "common/roles/permissions.h"

namespace together {
namespace {

constexpr std::int64_t max_steps = std::int64_t{1} << 40;

// Milliseconds need no exception: 2^40 of them are 34 years.
bool are_times(std::int64_t stored, std::int64_t next, std::int64_t realtime) {
    constexpr std::int64_t in_2001 = 1'000'000'000;
    constexpr std::int64_t day = 86'400;
    const std::int64_t tomorrow = realtime / 1'000'000'000 + day;
    const auto in_unit = [&](std::int64_t per_second) {
        return stored / per_second >= in_2001 && next / per_second <= tomorrow;
    };
    return in_unit(1'000'000) || in_unit(1'000'000'000);
}

bool is_same_person(const RosterEntry& stored, const RosterEntry& answered) {
    const bool both_know_uid =
        stored.uid_source == UidSource::authority && answered.uid_source == UidSource::authority;
    return stored.user_id == answered.user_id && (!both_know_uid || stored.uid == answered.uid);
}

}  // namespace

std::optional<std::string> why_not_after(std::int64_t stored, std::int64_t next,
                                         std::int64_t realtime) {
    if (next < stored)
        return "the authority's revision " + std::to_string(next) + " is older than " +
               std::to_string(stored) + ", which this node has";
    if (next - stored <= max_steps || are_times(stored, next, realtime)) return std::nullopt;
    return "the authority's revision " + std::to_string(next) + " cannot follow " +
           std::to_string(stored) + ", which this node has: it is too far ahead";
}

std::vector<RosterEntry> confirmed_by(const std::vector<RosterEntry>& answer,
                                      std::vector<RosterEntry> stored) {
    std::unordered_map<std::string_view, const RosterEntry*> answered;
    std::unordered_map<std::string_view, int> times;
    for (const auto& entry : answer) {
        answered.emplace(entry.login, &entry);
        ++times[entry.login];
    }
    std::erase_if(stored, [&](RosterEntry& entry) {
        const auto found = answered.find(entry.login);
        if (entry.login_shared || found == answered.end() || times[entry.login] > 1 ||
            !is_same_person(entry, *found->second))
            return true;
        if (role_named(found->second->role) != Role::admin) entry.role = found->second->role;
        return false;
    });
    return stored;
}

}  // namespace together
