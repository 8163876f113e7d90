// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/count/people_seen.h"

#include <algorithm>

#include "common/roster/backoff.h"

namespace together {
namespace {

using namespace std::chrono_literals;

constexpr Nanoseconds told_once_in = 1h;
constexpr Nanoseconds between_reports = 1min;

}  // namespace

bool PeopleSeen::wants(const std::string& login, Nanoseconds now) const {
    if (const auto told = told_.find(login);
        told != told_.end() && now < told->second + told_once_in)
        return false;
    return waiting_.size() < max_waiting || waiting_.contains(login);
}

void PeopleSeen::add(const std::string& login, PersonSeen person, Nanoseconds now) {
    if (!wants(login, now)) return;
    if (waiting_.empty()) not_before_ = std::max(not_before_, now + gather_for_);
    waiting_[login] = std::move(person);
}

std::vector<PersonSeen> PeopleSeen::due(Nanoseconds now) {
    std::vector<PersonSeen> people;
    if (waiting_.empty() || now < not_before_ || !under_way_.empty()) return people;
    for (const auto& [login, person] : waiting_) {
        if (people.size() == max_people_told) break;
        under_way_.push_back(login);
        people.push_back(person);
    }
    return people;
}

void PeopleSeen::delivered(Nanoseconds now) {
    std::erase_if(told_, [&](const auto& one) { return now >= one.second + told_once_in; });
    for (const auto& login : under_way_) {
        waiting_.erase(login);
        told_[login] = now;
    }
    under_way_.clear();
    failures_ = 0;
    not_before_ = now + between_reports;
}

void PeopleSeen::failed(Nanoseconds now, std::optional<Nanoseconds> retry_after, double jitter) {
    under_way_.clear();
    const auto delay = delay_after_failure(++failures_, std::nullopt, true, jitter);
    not_before_ = now + std::max(delay, retry_after.value_or(0ns));
}

}  // namespace together
