// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/removal/removals.h"

#include <algorithm>
#include <set>

#include "common/decision/explanation.h"
#include "common/system/duration.h"

namespace together {
namespace {

using namespace std::chrono_literals;
using Stage = Leaver::Stage;

// A session that was just beginning when its login left has shown itself by then.
constexpr auto quiet_for = 1min;
// How often one is looked at: at first in each turn, then less, since an outage may be long.
constexpr auto eagerly_for = 1min;
constexpr auto between_looks = 5s;
constexpr auto between_looks_at_held = 15s;
// That nobody has confirmed it yet, or the name service does not answer, is said where it lasts.
constexpr auto not_yet_is_said_after = 10s;
constexpr auto stuck_after = 5min;

std::string who(const Leaver& leaver) {
    return leaver.login + (leaver.uid ? " (uid " + std::to_string(*leaver.uid) + ")" : "");
}

bool is_open(Stage stage) {
    return stage == Stage::seen || stage == Stage::warned || stage == Stage::unanswered;
}

// Counted alone.
bool is_over(Stage stage) {
    return stage == Stage::done || stage == Stage::back;
}

std::string some_of(const std::vector<std::string>& logins) {
    constexpr std::size_t max_named = 20;
    std::string text;
    for (std::size_t i = 0; i < std::min(max_named, logins.size()); ++i)
        text += (i == 0 ? "" : ", ") + logins[i];
    return logins.size() > max_named ? text + ", …" : text;
}

}  // namespace

void Removals::restore(std::vector<Leaver> leavers) {
    leavers_.clear();
    for (auto& leaver : leavers) {
        Pending one;
        one.leaver = std::move(leaver);
        one.leaver.since = clock_.now();
        const bool begins_anew = one.leaver.stage == Stage::warned;
        set_stage(one, begins_anew ? Stage::seen : one.leaver.stage);
        leavers_.push_back(std::move(one));
    }
}

void Removals::roster_changed(const Config& config, const SeenRoster& before,
                              const SeenRoster& now) {
    spare_who_is_back(config, now);
    std::set<std::string> known;
    std::set<std::string> were_back;
    for (const auto& one : leavers_)
        (one.leaver.stage == Stage::back ? were_back : known).insert(one.leaver.login);
    bool any = false;
    for (auto& leaver : who_left(before, now)) {
        if (known.contains(leaver.login)) continue;
        if (were_back.contains(leaver.login))
            std::erase_if(leavers_, [&leaver](const Pending& one) {
                return one.leaver.login == leaver.login && one.leaver.stage == Stage::back;
            });
        any = true;
        Pending one;
        one.leaver = std::move(leaver);
        one.leaver.since = clock_.now();
        set_stage(one, Stage::seen);
        leavers_.push_back(std::move(one));
    }
    if (any && now.left_out > before.left_out)
        hold("who left cannot be told from who has no usable login on the roster any more",
             [](const Pending& one) { return one.leaver.stage == Stage::seen; });
    hold_too_many(config, now.entries.size());
}

void Removals::spare_who_is_back(const Config& config, const SeenRoster& now) {
    if (leavers_.empty()) return;
    const PeopleOf people(now);
    std::erase_if(leavers_, [&](Pending& one) {
        const auto& leaver = one.leaver;
        if (!people.has(leaver)) return false;
        // A list that loses others each time must not get past the limit by giving them back.
        if (is_over(leaver.stage)) {
            set_stage(one, Stage::back);
            return false;
        }
        if (leaver.stage == Stage::warned) {
            log_(who(leaver) + " is on the roster again: nothing is ended");
            node_.tell(leaver, welcome_back(leaver.login, config));
        }
        return true;
    });
}

void Removals::hold(const std::string& why, bool (*whom)(const Pending&)) {
    std::vector<std::string> logins;
    for (auto& one : leavers_) {
        if (!whom(one)) continue;
        set_stage(one, Stage::held);
        logins.push_back(one.leaver.login);
    }
    if (logins.empty()) return;
    alert_of(logins, why,
             "Look whether the roster is right (togetherctl roster); if it is, end their sessions "
             "with togetherctl sessions --end");
}

void Removals::tell_unanswered() {
    if (unanswered_.empty()) return;
    alert_of(unanswered_, why_unanswered_,
             "Look after this node's name service (getent passwd); it goes on once that answers");
    unanswered_.clear();
}

void Removals::alert_of(const std::vector<std::string>& logins, const std::string& why,
                        const std::string& what_to_do) {
    alert_("ALERT: nothing is ended of " + std::to_string(logins.size()) +
           (logins.size() == 1 ? " who" : " people who") + " left the roster (" + some_of(logins) +
           "): " + why + ". " + what_to_do);
}

void Removals::hold_too_many(const Config& config, std::size_t entries) {
    const auto now = clock_.now();
    const auto count = static_cast<std::size_t>(
        std::count_if(leavers_.begin(), leavers_.end(), [&](const Pending& one) {
            return is_open(one.leaver.stage) || elapsed(one.leaver.since, now) < max_count_age;
        }));
    // The roster's size before they left.
    const auto back = static_cast<std::size_t>(
        std::count_if(leavers_.begin(), leavers_.end(),
                      [](const Pending& one) { return one.leaver.stage == Stage::back; }));
    const auto most = max_at_once(config, entries + count - std::min(back, count));
    if (count <= most) return;
    hold(std::to_string(count) + " left within " + format_duration(max_count_age) + ", and " +
             std::to_string(most) + " may ([gate] on_removal_limit)",
         [](const Pending& one) { return is_open(one.leaver.stage); });
}

void Removals::turn(const Config& config) {
    forget_the_old();
    std::vector<Pending*> to_look_at;
    const auto now = clock_.now();
    for (auto& one : leavers_)
        if (is_due_for_a_look(one, config, now)) to_look_at.push_back(&one);
    if (to_look_at.empty()) return;
    if (const auto blind = node_.blind(); !blind.empty())
        return hold(blind, [](const Pending& one) { return is_open(one.leaver.stage); });
    node_.look(config);
    due_.clear();
    for (auto* one : to_look_at) look_at(*one, config);
    tell_unanswered();
    end_due(config);
}

void Removals::forget_the_old() {
    const auto now = clock_.now();
    std::erase_if(leavers_, [&](const Pending& one) {
        return is_over(one.leaver.stage) && elapsed(one.leaver.since, now) >= max_count_age;
    });
}

bool Removals::is_due_for_a_look(Pending& one, const Config& config, const Moment& now) {
    const bool is_warned = one.leaver.stage == Stage::warned;
    const auto since_due =
        elapsed(one.stage_since, now) - (is_warned ? config.on_removal_grace : 0ns);
    if (is_over(one.leaver.stage) || since_due < 0ns) return false;
    Nanoseconds pause = since_due < eagerly_for ? 0ns : Nanoseconds(between_looks);
    if (one.leaver.stage == Stage::held) pause = between_looks_at_held;
    if (one.was_looked && elapsed(one.looked, now) < pause) return false;
    one.was_looked = true;
    one.looked = now;
    return true;
}

void Removals::look_at(Pending& one, const Config& config) {
    switch (one.leaver.stage) {
        case Stage::seen:
        case Stage::unanswered:
            return look_at_seen(one, config);
        case Stage::warned:
            if (confirmed(one, config)) due_.push_back(one.leaver.login);
            return;
        case Stage::held:
            // An operator ended it, or they went.
            if (!node_.has_anything(one.leaver)) set_stage(one, Stage::done);
            return;
        case Stage::done:
        case Stage::back:
            return;
    }
}

void Removals::look_at_seen(Pending& one, const Config& config) {
    if (!node_.has_anything(one.leaver)) {
        const auto age = elapsed(one.leaver.since, clock_.now());
        if (age > config.on_removal_grace + quiet_for) set_stage(one, Stage::done);
        return;
    }
    if (!confirmed(one, config)) return;
    log_(
        who(one.leaver) + " left the roster and has something here: it is ended " +
        (config.on_removal_grace > 0ns ? "in " + format_duration(config.on_removal_grace) : "now"));
    node_.tell(one.leaver, farewell(one.leaver.login, config));
    set_stage(one, Stage::warned);
}

// Asked of the gate itself, each time anew.
bool Removals::confirmed(Pending& one, const Config& config) {
    const auto answer = node_.ask(one.leaver);
    if (answer.kind != LeaversNode::Answer::Kind::unanswered) {
        one.unanswered_since.reset();
        if (one.leaver.stage == Stage::unanswered) set_stage(one, Stage::seen);
    }
    switch (answer.kind) {
        case LeaversNode::Answer::Kind::left:
            if (config.mode != Mode::observe) return true;
            log_("OBSERVE MODE: what " + who(one.leaver) + " has here would be ended, and is left");
            break;
        case LeaversNode::Answer::Kind::spared:
            log_(who(one.leaver) + " left the roster, and nothing is ended: " + answer.why);
            break;
        case LeaversNode::Answer::Kind::not_now:
            if (answer.why != one.said &&
                (one.leaver.stage == Stage::warned ||
                 elapsed(one.leaver.since, clock_.now()) > not_yet_is_said_after)) {
                log_("what " + who(one.leaver) + " has here is not ended now: " + answer.why);
                one.said = answer.why;
            }
            return false;
        case LeaversNode::Answer::Kind::unanswered:
            note_unanswered(one, answer.why);
            return false;
    }
    set_stage(one, Stage::done);
    return false;
}

void Removals::note_unanswered(Pending& one, const std::string& why) {
    const auto now = clock_.now();
    if (!one.unanswered_since) one.unanswered_since = now;
    if (one.leaver.stage == Stage::unanswered ||
        elapsed(*one.unanswered_since, now) < not_yet_is_said_after)
        return;
    set_stage(one, Stage::unanswered);
    unanswered_.push_back(one.leaver.login);
    why_unanswered_ = why;
}

void Removals::end_due(const Config& config) {
    if (due_.empty()) return;
    const auto is_due = [this](const Pending& one) {
        return std::find(due_.begin(), due_.end(), one.leaver.login) != due_.end();
    };
    std::vector<Leaver> due;
    for (const auto& one : leavers_)
        if (is_due(one)) due.push_back(one.leaver);
    const auto left = node_.end(due);
    std::vector<std::string> stuck;
    for (auto& one : leavers_) {
        if (!is_due(one)) continue;
        if (std::find(left.begin(), left.end(), one.leaver.login) == left.end())
            set_stage(one, Stage::done);
        else if (elapsed(one.stage_since, clock_.now()) > config.on_removal_grace + stuck_after)
            stuck.push_back(one.leaver.login);
    }
    if (stuck.empty()) return;
    due_ = stuck;
    for (auto& one : leavers_)
        if (is_due(one)) set_stage(one, Stage::held);
    alert_("ALERT: of " + some_of(stuck) + ", who left the roster of " + config.project +
           ", something goes on that could not be ended: ps -u, squeue -u");
}

void Removals::set_stage(Pending& one, Stage stage) const {
    one.leaver.stage = stage;
    one.stage_since = clock_.now();
    one.was_looked = false;
}

std::vector<Leaver> Removals::leavers() const {
    std::vector<Leaver> leavers;
    leavers.reserve(leavers_.size());
    for (const auto& one : leavers_) leavers.push_back(one.leaver);
    return leavers;
}

}  // namespace together
