#include "round.h"

#include <poll.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "duration.h"
#include "fetch_child.h"
#include "file_source.h"
#include "roster_lock.h"
#include "roster_update.h"
#include "trusted_file.h"

namespace together {
namespace {

using namespace std::chrono_literals;

Result<void> prepare_directory(const std::string& path) {
    if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST)
        return failure(system_error_text("cannot make " + path, errno));
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0)
        return failure(system_error_text("cannot look at " + path, errno));
    if (!S_ISDIR(status.st_mode)) return failure(path + " is not a folder");
    if (status.st_uid != 0 && status.st_uid != ::geteuid())
        return failure(path + " belongs neither to root nor to the user who refreshes");
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return failure(path + " can be written by others than its owner (chmod go-w)");
    return {};
}

class Round {
  public:
    Round(const Config& config, const RefreshOptions& options, Clock& clock, const RefreshLog& log)
        : config_(config), options_(options), paths_(config), clock_(clock), log_(log) {}

    RoundResult run() {
        if (auto prepared = prepare_directory(config_.directory); !prepared)
            return {RefreshOutcome::no_answer, prepared.error().message, std::nullopt, false};
        if (options_.kind == RefreshKind::on_demand)
            if (auto answered = answered_already()) return *answered;
        begin();
        if (auto opened = open_inputs(); !opened) return our_fault(opened.error().message);
        auto fetched = fetch();
        if (fetched.summary.was_held) validated_ = clock_.now();
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
        }
        return our_fault(fetched.summary.message);
    }

  private:
    // On demand only: somebody else's round, or a failure that is not long ago, answers this one.
    std::optional<RoundResult> answered_already() {
        const Moment now = clock_.now();
        if (const auto mark = read_mark(paths_); mark && time_left(*mark, now) > 0ns)
            return RoundResult{mark->outcome, mark->message, std::nullopt, false};
        const auto roster = open_roster(config_, now);
        if (roster && !roster->age.uncertain &&
            roster->age.value <= std::min(config_.recheck_after, config_.fresh_for))
            return RoundResult{RefreshOutcome::valid, "the roster is fresh", std::nullopt, false};
        return std::nullopt;
    }

    void begin() {
        validated_ = clock_.now();
        const auto started = std::chrono::steady_clock::now();
        const auto limit = fetch_limit(config_, options_.kind);
        request_.config = &config_;
        request_.deadline = started + limit;
        // Names are looked up in what an adapter would wait, whatever a full fetch may take.
        request_.lookups_deadline =
            started + std::min(limit, fetch_limit(config_, RefreshKind::on_demand));
        request_.verbose = options_.verbose;
        // Verified before it is asked for conditionally: a 304 must not keep a damaged file alive.
        const auto stored = open_roster(config_, validated_);
        if (!stored || !stored->snapshot.verify_whole()) return;
        roster_usable_ = config_.within_stale_for(stored->age.value);
        const auto& header = stored->snapshot.header();
        request_.etag.assign(header.etag.data(), ::strnlen(header.etag.data(), header.etag.size()));
        if (header.without_uid > 0)
            stored->snapshot.for_each([this](const RosterEntry& entry) {
                if (entry.uid_source == UidSource::none)
                    request_.without_uid.push_back(entry.login);
            });
    }

    Result<void> open_inputs() {
        auto file = open_trusted(config_.roster_file(), Links::follow);
        if (!file) return failure(file.error().message);
        roster_file_ = std::move(file->descriptor);
        request_.roster_file = roster_file_.get();
        return {};
    }

    FetchResult fetch() {
        FileSource source;
        return fetch_in_child(source, request_, [this](const std::string& text) {
            if (options_.verbose) log_(text);
        });
    }

    RoundResult store(FetchResult fetched) {
        auto lock = acquire_write_lock();
        if (!lock) return our_fault(lock.error().message);
        const auto& warning = summary_.message;
        const UpdateRequest update{config_, validated_, clock_.now(), request_.etag,
                                   options_.accept_older};
        const auto updated = update_roster(update, std::move(fetched));
        if (!updated) return our_fault(updated.error().message);
        if (updated->kind == Update::Kind::refused)
            return failed(RefreshOutcome::no_answer, updated->message);
        std::string message = summary_.outcome == FetchOutcome::not_modified ? "not modified" : "";
        if (updated->kind == Update::Kind::written) message = "a new roster";
        if (updated->kind == Update::Kind::extended && message.empty()) message = "unchanged";
        for (const auto& more : {updated->message, warning})
            if (!more.empty()) message += (message.empty() ? "" : "; ") + more;
        leave_mark(RefreshOutcome::valid, message, 0ns, 0);
        return {RefreshOutcome::valid, message, std::nullopt, summary_.was_held};
    }

    Result<RosterLock> acquire_write_lock() {
        auto lock = RosterLock::open(paths_);
        if (!lock) return lock;
        // It is held for as long as a file takes to write; who holds it longer is stuck.
        const auto until =
            std::max<Deadline>(request_.deadline, std::chrono::steady_clock::now() + 100ms);
        while (!lock->try_acquire(LockPart::write)) {
            if (std::chrono::steady_clock::now() >= until)
                return failure("another together-refresh holds " + paths_.lock);
            ::poll(nullptr, 0, 5);
        }
        return lock;
    }

    RoundResult failed(RefreshOutcome outcome, const std::string& message) {
        const auto last = read_mark(paths_);
        const std::uint32_t failures =
            last && last->outcome != RefreshOutcome::valid ? last->failures + 1 : 1;
        const auto delay =
            delay_after_failure(failures, summary_.retry_after, roster_usable_, random_fraction());
        leave_mark(outcome, message, elapsed(validated_, clock_.now()) + delay, failures);
        return {outcome, message, summary_.retry_after, false};
    }

    // Our own errors keep nobody from asking again: the next login may find the disk mended.
    RoundResult our_fault(const std::string& message) {
        leave_mark(RefreshOutcome::no_answer, message, 0ns, 0);
        return {RefreshOutcome::no_answer, message, std::nullopt, false};
    }

    void leave_mark(RefreshOutcome outcome, const std::string& message, Nanoseconds not_before,
                    std::uint32_t failures) {
        Mark mark;
        mark.attempted = validated_;
        mark.not_before = not_before;
        mark.failures = failures;
        mark.outcome = outcome;
        mark.request_id = summary_.request_id;
        mark.message = message;
        if (const auto written = write_mark(paths_, mark); !written) log_(written.error().message);
    }

    const Config& config_;
    const RefreshOptions& options_;
    RosterPaths paths_;
    Clock& clock_;
    const RefreshLog& log_;
    Moment validated_;
    FetchRequest request_;
    FetchSummary summary_;
    FileDescriptor roster_file_;
    bool roster_usable_ = false;
};

}  // namespace

Nanoseconds fetch_limit(const Config& config, RefreshKind kind) {
    if (kind != RefreshKind::on_demand) return 60s;
    return config.deadline - std::max<Nanoseconds>(50ms, config.deadline / 10);
}

RoundResult run_round(const Config& config, const RefreshOptions& options, Clock& clock,
                      const RefreshLog& log) {
    return Round(config, options, clock, log).run();
}

}  // namespace together
