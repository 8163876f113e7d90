// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/removal/removal_process.h"

#include <poll.h>
#include <unistd.h>

#include <cstdio>
#include <optional>

#include "common/roster/roster.h"
#include "common/roster/roster_lock.h"
#include "common/system/atomic_file.h"
#include "common/system/file_identity.h"
#include "common/system/log_sink.h"
#include "common/system/trusted_file.h"
#include "together_refresh/removal/removals.h"
#include "together_refresh/removal/system_leavers_node.h"

namespace together {
namespace {

constexpr int turn_milliseconds = 1000;
constexpr mode_t for_root = 0600;

void say(const std::string& text) {
    (void)std::fprintf(stderr, "together-refresh: on_removal: %s\n", text.c_str());
}

// Beside that line as one of syslog's that somebody is woken by.
void say_aloud(const std::string& text) {
    say(text);
    send_log_line(LogLevel::alert, "together-refresh", "on_removal: " + text, false,
                  {.fallback = "/dev/null"});
}

SeenRoster seen(const Snapshot& snapshot) {
    SeenRoster roster;
    roster.left_out = snapshot.header().left_out;
    roster.entries.reserve(snapshot.header().entries);
    snapshot.for_each([&](const RosterEntry& entry) { roster.entries.push_back(entry); });
    return roster;
}

void remove_what_is_known(const Config& config) {
    const RosterPaths paths(config);
    for (const auto& path : {paths.before(), paths.leavers()}) ::unlink(path.c_str());
}

class Watching {
  public:
    explicit Watching(std::string config_path) : config_path_(std::move(config_path)) {}

    [[noreturn]] void run() {
        while (true) {
            turn();
            ::poll(nullptr, 0, turn_milliseconds);
        }
    }

  private:
    void turn() {
        const auto config = load_config(config_path_);
        // One that is wrong for a moment ends nobody's, and forgets nobody.
        if (!config) return;
        if (config->on_removal == OnRemoval::leave) {
            remove_what_is_known(*config);
            return forget();
        }
        // Who left another project or authority left nothing of this one.
        if (const auto roster = config->project + " " + config->base_url; known_of_ != roster) {
            forget();
            known_of_ = roster;
        }
        if (!hold_lock(*config)) return;
        look_at_roster(*config);
        removals_.turn(*config);
        save(*config);
    }

    void forget() {
        removals_.forget();
        looked_at_.clear();
        saved_.reset();
        restored_ = false;
    }

    // Another watcher of this node does it.
    bool hold_lock(const Config& config) {
        const RosterPaths paths(config);
        if (lock_ && locked_ == paths.lock()) return true;
        lock_.reset();
        auto lock = RosterLock::open(paths);
        if (!lock || !lock->try_acquire(LockPart::removal)) return false;
        lock_.emplace(*std::move(lock));
        locked_ = paths.lock();
        forget();
        return true;
    }

    void look_at_roster(const Config& config) {
        const RosterPaths paths(config);
        const auto identity = file_identity(paths.snapshot) + " " + config.base_url;
        if (identity == looked_at_) return;
        const auto roster = open_roster(config, clock_);
        if (!roster || !roster->snapshot.verify_intact()) return;
        compare(config, roster->snapshot);
        const auto kept = keep(config, roster->snapshot.header().digest);
        if (kept) looked_at_ = identity;
        complain(kept);
    }

    // One of another project or authority opens as none: nobody left it.
    void compare(const Config& config, const Snapshot& now) {
        const auto before =
            Snapshot::open(RosterPaths(config).before(), config.project, config.base_url);
        if (!before || !before->verify_intact()) return removals_.forget();
        if (!restored_) removals_.restore(read_leavers(config));
        restored_ = true;
        if (before->header().digest != now.header().digest)
            removals_.roster_changed(config, seen(*before), seen(now));
    }

    // First who left, then the roster without them: a crash in between finds them anew.
    Result<void> keep(const Config& config, const Digest& digest) {
        save(config);
        const RosterPaths paths(config);
        constexpr std::size_t any_size = std::size_t{1} << 32;
        const auto bytes = read_trusted(paths.snapshot, any_size);
        if (!bytes) return failure(bytes.error().message);
        const auto temporary = paths.before() + ".new";
        AtomicFile file(paths.before(), temporary);
        FileStep step = file.open();
        if (step) step = file.write(*bytes);
        if (step) step = file.finish(for_root);
        if (!step) return failure(step.error().message);
        // Replaced meanwhile: it is compared with the one before in the next turn.
        const auto copy = Snapshot::open(temporary, config.project, config.base_url);
        if (!copy || copy->header().digest != digest) return failure("");
        if (auto committed = file.commit(); !committed) return failure(committed.error().message);
        return {};
    }

    void save(const Config& config) {
        auto leavers = removals_.leavers();
        if (leavers == saved_) return;
        const auto written = write_leavers(config, leavers);
        if (written) saved_ = std::move(leavers);
        complain(written);
    }

    // Once, until it is another one.
    void complain(const Result<void>& result) {
        const auto problem = result ? std::string() : result.error().message;
        if (!problem.empty() && problem != problem_) say(problem);
        problem_ = problem;
    }

    const std::string config_path_;
    SystemClock clock_;
    SystemLeaversNode node_{clock_, say};
    Removals removals_{clock_, node_, say, say_aloud};
    std::optional<RosterLock> lock_;
    std::string locked_;
    std::string known_of_;
    std::string looked_at_;
    bool restored_ = false;
    std::optional<std::vector<Leaver>> saved_;
    std::string problem_;
};

}  // namespace

RemovalProcess::RemovalProcess(const std::string& config_path)
    : process_("on_removal", [config_path] { Watching(config_path).run(); }) {}

void RemovalProcess::keep_running(const Config& config) {
    if (::geteuid() != 0) return;
    if (config.on_removal != OnRemoval::leave) return process_.keep_running();
    process_.end();
    remove_what_is_known(config);
}

}  // namespace together
