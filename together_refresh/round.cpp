// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/round.h"

#include <poll.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "common/roster/backoff.h"
#include "common/roster/roster_directory.h"
#include "common/roster/roster_lock.h"
#include "common/system/errno_text.h"
#include "common/system/random.h"
#include "common/system/trusted_file.h"
#include "http_client/node_fault.h"
#include "together_refresh/child/unprivileged_child.h"
#include "together_refresh/process/node_description.h"
#include "together_refresh/process/token_file.h"
#include "together_refresh/update/last_addresses.h"
#include "together_refresh/update/roster_update.h"

namespace together {
namespace {

using namespace std::chrono_literals;

Result<void> prepare_directory(const std::string& path) {
    if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST)
        return failure(errno_text("cannot make " + path, errno));
    return check_roster_directory(path);
}

}  // namespace

class Round {
  public:
    Round(Rounds& rounds, const RefreshConfig& config)
        : rounds_(rounds),
          config_(config.node),
          knows_of_accounts_(config.problem.empty()),
          options_(rounds.options_),
          paths_(config.node),
          clock_(rounds.clock_),
          log_(rounds.log_) {}

    RoundResult run() {
        auto result = refresh();
        if (began_ && !result.stopped && has_accounts()) keep_accounts(result);
        result.request_id = summary_.request_id;
        return result;
    }

  private:
    // Or had some: what is off is taken away.
    bool has_accounts() const {
        return knows_of_accounts_ &&
               (config_.accounts.enabled || rounds_.accounts_.has_any_of(config_.project));
    }

    RoundResult refresh() {
        if (auto prepared = prepare_directory(config_.directory); !prepared)
            return ended(RefreshOutcome::no_answer, prepared.error().message);
        if (options_.kind == RefreshKind::on_demand)
            if (auto answered = answered_already()) return *answered;
        begin();
        if (auto ready = open_ours(); !ready) {
            const auto why = what_is_used_up();
            return why ? node_fault(why->text + "; " + ready.error().message)
                       : our_fault(ready.error().message);
        }
        if (auto ready = prepare_child(); !ready) return node_fault(ready.error().message);
        auto fetched = fetch();
        if (fetched.summary.was_long_poll) validated_ = earlier(clock_.now(), fetched.since_answer);
        summary_ = fetched.summary;
        switch (fetched.summary.outcome) {
            case FetchOutcome::complete:
            case FetchOutcome::not_modified:
                return store(std::move(fetched));
            case FetchOutcome::no_answer:
                return failed(RefreshOutcome::no_answer, fetched.summary.message);
            case FetchOutcome::token_refused:
                return failed(RefreshOutcome::token_refused, fetched.summary.message);
            case FetchOutcome::our_fault:
                break;
            case FetchOutcome::stopped:
                return stopped();
        }
        // Of a file that root wrote, it is the operators'; of a request, the node's.
        return config_.roster_is_a_file() ? our_fault(fetched.summary.message)
                                          : node_fault(fetched.summary.message);
    }

    // On demand only: somebody else's round, or a failure that is not long ago, answers this one.
    std::optional<RoundResult> answered_already() {
        const Moment now = clock_.now();
        if (const auto attempt = read_last_attempt(paths_);
            attempt && time_left(*attempt, now) > 0ns)
            return ended(attempt->outcome, attempt->message);
        const auto roster = open_roster(config_, now);
        if (roster && !roster->age.uncertain &&
            roster->age.value <= std::min(config_.recheck_after, config_.fresh_for))
            return ended(RefreshOutcome::valid, "the roster is fresh");
        return std::nullopt;
    }

    void begin() {
        began_ = true;
        validated_ = clock_.now();
        const auto started = std::chrono::steady_clock::now();
        const auto limit = fetch_limit(config_, options_.kind);
        request_.deadline = started + limit;
        // Names are looked up in what an adapter would wait, whatever a full fetch may take.
        request_.lookups_limit = std::min(limit, fetch_limit(config_, RefreshKind::on_demand));
        request_.lookups_deadline = started + request_.lookups_limit;
        // Verified before it is asked for conditionally: a 304 must not keep a damaged file alive.
        const auto stored = open_roster(config_, validated_);
        if (!stored || !rounds_.verified_.is_intact(stored->snapshot)) return;
        rounds_.accounts_.was_up_at(stored->validated);
        roster_usable_ = config_.within_stale_for(stored->age.value);
        if (config_.accounts.enabled && rounds_.accounts_.needs_all(config_, stored->snapshot))
            return;
        const auto& etag = stored->snapshot.header().etag;
        request_.etag.assign(etag.data(), ::strnlen(etag.data(), etag.size()));
        list_lookups(rounds_.verified_.logins_to_look_up(stored->snapshot));
    }

    void list_lookups(const VerifiedSnapshot::Logins& logins) {
        request_.to_look_up = logins.without_uid;
        const auto& known = logins.with_the_nodes_uid;
        // A few in each round, from any one on: all have their turn.
        constexpr std::size_t again_in_a_round = 16;
        const auto first =
            static_cast<std::size_t>(random_fraction() * static_cast<double>(known.size()));
        for (std::size_t i = 0; i < std::min(again_in_a_round, known.size()); ++i)
            request_.to_look_up.push_back(known[(first + i) % known.size()]);
    }

    // Everything of ours that the child may not open itself is opened here.
    Result<void> open_ours() {
        if (config_.roster_is_a_file()) {
            auto file = open_trusted(config_.roster_file(), Links::follow);
            if (!file) return failure(file.error().message);
            roster_file_ = std::move(file->descriptor);
        } else {
            auto token = read_token(config_.token_file);
            if (!token) return failure(token.error().message);
            request_.token = *std::move(token);
            // A receipt says that a removed key opens nothing here: not while the accounts stay as
            // they were.
            if (knows_of_accounts_ && rounds_.accounts_.can_follow(config_))
                request_.node = node_description(config_);
        }
        return {};
    }

    Result<void> prepare_child() {
        const bool kept = rounds_.child_ && rounds_.child_->usable() &&
                          !config_.roster_is_a_file() && rounds_.child_config_ == config_;
        if (kept) return {};
        rounds_.child_.reset();
        rounds_.child_config_ = config_;
        auto child = UnprivilegedChild::start(rounds_.child_config_, roster_file_.get());
        if (!child) return tl::make_unexpected(child.error());
        rounds_.child_ = *std::move(child);
        return {};
    }

    FetchResult fetch() {
        hold_where_it_can_be();
        request_.addresses = last_addresses(config_);
        auto result = ask_child();
        if (result.summary.needs_port && rounds_.child_->usable()) {
            request_.sockets = std::make_shared<ReservedSockets>(bind_reserved_ports());
            auto again = request_.sockets->empty() ? FetchResult() : ask_child();
            // Silence towards such a port, which a firewall may not let out, fixes no node.
            if (again.summary.outcome != FetchOutcome::no_answer || again.summary.was_answered ||
                result.summary.outcome == FetchOutcome::no_answer)
                result = std::move(again);
            request_.sockets.reset();
        }
        const auto outcome = result.summary.outcome;
        if (outcome == FetchOutcome::complete || outcome == FetchOutcome::not_modified)
            remember_address(config_, result.summary.address);
        return result;
    }

    FetchResult ask_child() {
        return rounds_.child_->fetch(request_, rounds_.stop_, [this](const std::string& text) {
            if (options_.verbose) log_(text);
        });
    }

    // Only for a roster that is known already: the first is wanted at once.
    void hold_where_it_can_be() {
        if (options_.kind != RefreshKind::watch || request_.etag.empty()) return;
        request_.wait = long_poll_wait(config_);
        const auto started = std::chrono::steady_clock::now();
        request_.first_byte_deadline = started + request_.wait + config_.deadline;
        request_.deadline += request_.wait;
        request_.lookups_deadline += request_.wait;
    }

    RoundResult store(FetchResult fetched) {
        if (auto locked = acquire_write_lock(); !locked) return node_fault(locked.error().message);
        auto accounts = std::move(fetched.accounts);
        const auto& warning = summary_.message;
        const UpdateRequest update{
            config_,           validated_, clock_.now(), request_.etag, options_.accept_older,
            &rounds_.verified_};
        const auto updated = update_roster(update, std::move(fetched));
        if (!updated) return node_fault(updated.error().message);
        if (updated->kind == Update::Kind::refused)
            return failed(RefreshOutcome::no_answer, updated->message);
        if (summary_.outcome == FetchOutcome::complete && updated->kind != Update::Kind::superseded)
            fetched_accounts_ = std::move(accounts);
        std::string message = summary_.outcome == FetchOutcome::not_modified ? "not modified" : "";
        if (updated->kind == Update::Kind::written) message = "a new roster";
        if (updated->kind == Update::Kind::extended && message.empty()) message = "unchanged";
        for (const auto& more : {updated->message, warning})
            if (!more.empty()) message += (message.empty() ? "" : "; ") + more;
        record_attempt(RefreshOutcome::valid, message, 0ns, 0);
        RoundResult result = ended(RefreshOutcome::valid, message);
        result.was_long_poll = summary_.was_long_poll;
        // The first of a watcher's requests wants an answer at once; the next may wait for news.
        // One that was to wait and did not: this authority does not hold requests.
        const bool has_etag =
            summary_.outcome == FetchOutcome::not_modified || !summary_.etag.empty();
        result.may_long_poll = has_etag && request_.wait == 0s && long_poll_wait(config_) > 0s;
        result.changed = updated->kind == Update::Kind::written;
        return result;
    }

    // From the snapshot that was stored, or that stood before. Their failure is not the roster's.
    void keep_accounts(RoundResult& result) {
        auto kept = [&]() -> Result<AccountsKeeper::Kept> {
            if (auto locked = acquire_write_lock(); !locked)
                return tl::make_unexpected(locked.error());
            if (!config_.accounts.enabled) return rounds_.accounts_.take_away(config_);
            const auto stored = open_roster(config_, clock_);
            if (!stored || !rounds_.verified_.is_intact(stored->snapshot))
                return failure("there is no intact roster");
            return rounds_.accounts_.keep(config_, stored->snapshot,
                                          fetched_accounts_ ? &*fetched_accounts_ : nullptr);
        }();
        const auto problem =
            kept ? kept->problem : "the accounts stay as they are: " + kept.error().message;
        if (!problem.empty() && problem != rounds_.accounts_problem_) log_(problem);
        rounds_.accounts_problem_ = problem;
        if (config_.accounts.enabled && kept && kept->without) say_who_has_none(*kept->without);
        if (!kept || !kept->changed) return;
        result.changed = true;
        result.message += "; " + kept->message;
    }

    // Once, not in each round; a newcomer without an account changes no file.
    void say_who_has_none(const AccountsKeeper::Without& without) {
        auto& said = rounds_.without_account_;
        if (without.is_another_number || (said && *said != without.of_whom)) log_(without.text);
        said = without.of_whom;
    }

    // Until the round ends: nobody's snapshot comes between ours and its accounts.
    Result<void> acquire_write_lock() {
        if (lock_) return {};
        auto lock = RosterLock::open(paths_);
        if (!lock) return tl::make_unexpected(lock.error());
        // It is held for as long as a file takes to write; who holds it longer is stuck.
        const auto until =
            std::max<Deadline>(request_.deadline, std::chrono::steady_clock::now() + 100ms);
        while (!lock->try_acquire(LockPart::write)) {
            if (std::chrono::steady_clock::now() >= until)
                return failure("another together-refresh holds " + paths_.lock());
            ::poll(nullptr, 0, 5);
        }
        lock_.emplace(*std::move(lock));
        return {};
    }

    RoundResult failed(RefreshOutcome outcome, const std::string& message) {
        const auto last = read_last_attempt(paths_);
        const std::uint32_t failures =
            last && last->outcome != RefreshOutcome::valid ? last->failures + 1 : 1;
        const auto delay =
            delay_after_failure(failures, summary_.retry_after, roster_usable_, random_fraction());
        const Moment now = clock_.now();
        const bool still = outcome == RefreshOutcome::no_answer && still_the_nodes_fault(last, now);
        if (still) validated_ = last->attempted;
        RoundResult result = ended(still ? last->outcome : outcome, message);
        record_attempt(result.outcome, still ? last->message : message,
                       elapsed(validated_, now) + delay, failures);
        result.retry_after = summary_.retry_after;
        return result;
    }

    // Our own errors keep nobody from asking again: the next login may find the disk fixed.
    RoundResult our_fault(const std::string& message) {
        record_attempt(RefreshOutcome::no_answer, message, 0ns, 0);
        return ended(RefreshOutcome::no_answer, message);
    }

    // One that whoever has an account here could cause: its roster decides for a shorter time.
    RoundResult node_fault(const std::string& message) {
        const std::string text = "this node cannot take a new roster: " + message;
        record_attempt(RefreshOutcome::node_fault, text,
                       elapsed(validated_, clock_.now()) + after_node_fault, 0);
        return ended(RefreshOutcome::node_fault, text);
    }

    static RoundResult stopped() {
        RoundResult result;
        result.stopped = true;
        return result;
    }

    static RoundResult ended(RefreshOutcome outcome, std::string message) {
        RoundResult result;
        result.outcome = outcome;
        result.message = std::move(message);
        return result;
    }

    void record_attempt(RefreshOutcome outcome, const std::string& message, Nanoseconds not_before,
                        std::uint32_t failures) {
        LastAttempt attempt;
        attempt.attempted = validated_;
        attempt.not_before = not_before;
        attempt.failures = failures;
        attempt.outcome = outcome;
        attempt.request_id = summary_.request_id;
        attempt.message = message;
        if (const auto written = write_last_attempt(paths_, attempt); !written)
            log_(written.error().message);
    }

    Rounds& rounds_;
    const NodeConfig& config_;
    const bool knows_of_accounts_;
    const RefreshOptions& options_;
    RosterPaths paths_;
    Clock& clock_;
    const RefreshLog& log_;
    Moment validated_;
    FetchRequest request_;
    FileDescriptor roster_file_;
    FetchSummary summary_;
    bool roster_usable_ = false;
    bool began_ = false;
    std::optional<RosterLock> lock_;  // for writing
    std::optional<RosterAccounts> fetched_accounts_;
};

std::string log_text(const RoundResult& result) {
    if (result.request_id.empty()) return result.message;
    return result.message + " (request id " + result.request_id + ")";
}

Rounds::Rounds(const RefreshOptions& options, Clock& clock, RefreshLog log, int stop)
    : options_(options), clock_(clock), log_(std::move(log)), stop_(stop) {}

Rounds::~Rounds() = default;

RoundResult Rounds::run(const RefreshConfig& config) {
    RoundResult result = Round(*this, config).run();
    const bool keep = options_.kind == RefreshKind::watch && !config.node.roster_is_a_file();
    if (!keep) child_.reset();
    return result;
}

}  // namespace together
