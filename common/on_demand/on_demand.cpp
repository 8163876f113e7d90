// SPDX-License-Identifier: Apache-2.0
#include "common/on_demand/on_demand.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "common/on_demand/helper_process.h"
#include "common/roster/backoff.h"
#include "common/roster/last_attempt.h"
#include "common/roster/roster.h"
#include "common/roster/roster_directory.h"
#include "common/roster/roster_lock.h"
#include "common/system/duration.h"
#include "common/system/errno_text.h"
#include "common/system/random.h"

namespace together {
namespace {

using namespace std::chrono_literals;

constexpr auto between_looks = 10ms;

RefreshAttempt tried(std::string problem = {}) {
    return {RefreshAttempt::Outcome::tried, std::move(problem), false};
}

// Nobody was asked: the folder, a process or a descriptor could not be had.
RefreshAttempt prevented(std::string problem) {
    return {RefreshAttempt::Outcome::tried, std::move(problem), true};
}

RefreshAttempt failed_as(const LastAttempt& attempt, std::string problem) {
    return {RefreshAttempt::Outcome::tried, std::move(problem),
            attempt.outcome == RefreshOutcome::node_fault};
}

std::string hold_text(const LastAttempt& attempt, Nanoseconds left) {
    return "not asked again for another " + format_age(left) + " after: " + attempt.message;
}

}  // namespace

bool may_refresh() {
    uid_t real = 1;
    uid_t effective = 1;
    uid_t saved = 1;
    return ::getresuid(&real, &effective, &saved) == 0 && real == 0 && effective == 0 && saved == 0;
}

// One caller's wait for a newer roster.
class OnDemandWait {
  public:
    OnDemandWait(const Config& config, Clock& clock, const std::optional<Moment>& seen)
        : config_(config),
          paths_(config),
          clock_(clock),
          seen_(seen),
          began_(clock.now()),
          deadline_(std::chrono::steady_clock::now() + config.deadline) {}

    RefreshAttempt run() {
        if (auto held = held_back()) return *std::move(held);
        auto lock = open_lock();
        if (!lock) return prevented(lock.error().message);
        while (std::chrono::steady_clock::now() < deadline_) {
            if (lock->try_acquire(LockPart::refresh)) {
                auto attempt = newer_or_held_back();
                if (!attempt) attempt = execute_helper();
                lock->release(LockPart::refresh);
                return *attempt;
            }
            wait_for_the_holder(*lock);
            if (auto attempt = newer_or_held_back()) return *attempt;
        }
        if (auto held = held_back()) return *std::move(held);
        // Its holder may be stopped: without a last attempt it would cost every login its deadline.
        return record_attempt(began_, "another login's refresh did not end within " +
                                          format_duration(config_.deadline));
    }

  private:
    // Where nothing of ours has run yet there is no folder; together-refresh would make it, but
    // without a lock it is not executed.
    Result<RosterLock> open_lock() const {
        auto lock = RosterLock::open(paths_);
        if (lock) return lock;
        if (::mkdir(paths_.directory.c_str(), 0755) == 0)
            ::chmod(paths_.directory.c_str(), 0755);  // whatever the calling program's umask is
        else if (errno != EEXIST)
            return failure(errno_text("cannot make " + paths_.directory, errno));
        if (auto usable = check_roster_directory(paths_.directory); !usable)
            return tl::make_unexpected(usable.error());
        return RosterLock::open(paths_);
    }

    // Looks without acquiring: two hundred waiters that take turns in holding the lock would wait
    // for each other.
    void wait_for_the_holder(const RosterLock& lock) const {
        while (!lock.is_free(LockPart::refresh) && std::chrono::steady_clock::now() < deadline_)
            ::poll(nullptr, 0, static_cast<int>(between_looks.count()));
    }

    std::optional<RefreshAttempt> newer_or_held_back() {
        if (is_newer()) return tried();
        return held_back();
    }

    bool is_newer() {
        const auto roster = open_roster(config_, clock_);
        return roster && (!seen_ || roster->validated != *seen_);
    }

    std::optional<RefreshAttempt> held_back() {
        const auto attempt = read_last_attempt(paths_);
        if (!attempt) return std::nullopt;
        const auto left = time_left(*attempt, clock_.now());
        if (left == 0ns) return std::nullopt;
        return failed_as(*attempt, hold_text(*attempt, left));
    }

    RefreshAttempt execute_helper() {
        const Moment started = clock_.now();
        const auto before = read_last_attempt(paths_);
        auto helper = HelperProcess::start(config_.refresh_program,
                                           {"--config", config_.path, "--on-demand"});
        if (!helper) return prevented(helper.error().message);
        switch (helper->wait(deadline_)) {
            case HelperProcess::End::not_executed:
                return not_executed(helper->exec_error());
            case HelperProcess::End::deadline:
                return record_attempt(started, "together-refresh did not end within " +
                                                   format_duration(config_.deadline));
            case HelperProcess::End::exited:
                break;
        }
        const auto attempt = read_last_attempt(paths_);
        const bool said =
            attempt && (!before || encode_last_attempt(*attempt) != encode_last_attempt(*before) ||
                        time_left(*attempt, clock_.now()) > 0ns);
        if (said && attempt->outcome != RefreshOutcome::valid)
            return failed_as(*attempt, attempt->message);
        if (is_newer()) return tried();
        // In a folder that it does not trust it writes nothing, not even why.
        if (auto usable = check_roster_directory(paths_.directory); !usable)
            return prevented(usable.error().message);
        // It found no room for a last attempt, or no memory to run in.
        return prevented(config_.refresh_program +
                         " ended without a new roster and could not say why in " +
                         paths_.last_attempt() + " (is the disk full? togetherctl refresh tells)");
    }

    // A missing program is the operators' to fix; for want of memory it is the node's own fault.
    RefreshAttempt not_executed(int error) const {
        auto problem = errno_text("cannot execute " + config_.refresh_program, error);
        const bool is_used_up = error == EAGAIN || error == ENOMEM || error == ENFILE;
        return is_used_up ? prevented(std::move(problem)) : tried(std::move(problem));
    }

    // Who was to write it was killed, or is stuck.
    RefreshAttempt record_attempt(const Moment& started, const std::string& message) {
        const auto last = read_last_attempt(paths_);
        const Moment now = clock_.now();
        LastAttempt attempt;
        if (still_the_nodes_fault(last, now)) {
            attempt = *last;
        } else {
            attempt.attempted = started;
            attempt.outcome = RefreshOutcome::no_answer;
            attempt.message = message;
        }
        attempt.failures = last ? last->failures + 1 : 1;
        const auto roster = open_roster(config_, now);
        const bool usable = roster && config_.within_stale_for(roster->age.value);
        attempt.not_before =
            elapsed(attempt.attempted, now) +
            delay_after_failure(attempt.failures, std::nullopt, usable, random_fraction());
        if (auto written = write_last_attempt(paths_, attempt); !written)
            return prevented(message + "; " + written.error().message);
        return failed_as(attempt, attempt.message);
    }

    const Config& config_;
    RosterPaths paths_;
    Clock& clock_;
    const std::optional<Moment>& seen_;
    const Moment began_;
    Deadline deadline_;
};

RefreshAttempt OnDemandRefresher::refresh(const Config& config, const std::optional<Moment>& seen) {
    if (!may_refresh()) return {};
    return OnDemandWait(config, clock_, seen).run();
}

}  // namespace together
