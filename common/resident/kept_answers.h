// SPDX-License-Identifier: Apache-2.0
// What a slow service answered, for how long that may be believed, and what it is still to be
// asked. Bounded, because strangers ask too.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "common/system/result.h"

namespace together {

// Not thread-safe.
template <class Key, class Value>
class KeptAnswers {
  public:
    using Time = std::chrono::steady_clock::time_point;
    using Answer = Result<std::optional<Value>>;  // nothing where there is no such account

    KeptAnswers(std::size_t max_kept, std::size_t max_waiting)
        : max_kept_(max_kept), max_waiting_(max_waiting) {}

    // The answer, if one may be given now. Where there is none, or where it has become due, the key
    // waits to be asked for; not where too many do.
    std::optional<Answer> find(const Key& key, Time now) {
        const auto found = kept_.find(key);
        if (found != kept_.end() && now < found->second.due) return found->second.answer;
        wait(key);
        if (found == kept_.end() || now >= found->second.end) return std::nullopt;
        return found->second.answer;
    }

    // The only key whose answer is this value.
    std::optional<Key> only_key_of(const Value& value, Time now) const {
        std::optional<Key> only;
        for (const auto& [key, known] : kept_) {
            if (now >= known.end || !is_positive(known.answer) || **known.answer != value) continue;
            if (only) return std::nullopt;
            only = key;
        }
        return only;
    }

    bool anything_to_ask() const { return !queue_.empty(); }
    bool is_awaited(const Key& key) const { return awaited_.contains(key); }

    // The key that has waited longest. It is awaited until keep().
    Key next() {
        Key key = std::move(queue_.front());
        queue_.pop_front();
        return key;
    }

    // A failure does not take away what was known just now.
    void keep(const Key& key, Answer answer, Time now) {
        awaited_.erase(key);
        const auto found = kept_.find(key);
        if (found == kept_.end()) {
            make_room(now);
        } else if (!answer && is_positive(found->second.answer) && now < found->second.end) {
            found->second.due = now + failure_fresh;
            return;
        }
        const auto fresh = answer ? answer_fresh : failure_fresh;
        const auto end = is_positive(answer) ? positive_longest : 2 * fresh;
        kept_.insert_or_assign(key, Known{std::move(answer), now, now + fresh, now + end});
    }

    std::size_t kept() const { return kept_.size(); }

  private:
    struct Known {
        Answer answer;
        Time since;
        Time due;  // asked for again when somebody wants it after this,
        Time end;  // and given meanwhile, but not after this
    };

    static constexpr std::chrono::seconds answer_fresh{60};
    static constexpr std::chrono::seconds failure_fresh{10};
    static constexpr std::chrono::seconds positive_longest{600};

    static bool is_positive(const Answer& answer) { return answer && *answer; }

    void wait(const Key& key) {
        if (awaited_.contains(key) || queue_.size() >= max_waiting_) return;
        awaited_.insert(key);
        queue_.push_back(key);
    }

    void make_room(Time now) {
        if (kept_.size() < max_kept_) return;
        std::erase_if(kept_, [now](const auto& entry) { return now >= entry.second.end; });
        if (kept_.size() < max_kept_) return;
        kept_.erase(std::min_element(kept_.begin(), kept_.end(), [](const auto& a, const auto& b) {
            return a.second.since < b.second.since;
        }));
    }

    std::size_t max_kept_;
    std::size_t max_waiting_;
    std::map<Key, Known> kept_;
    std::deque<Key> queue_;
    std::set<Key> awaited_;
};

}  // namespace together
