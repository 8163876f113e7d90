// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/count/decision_counter.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <map>
#include <optional>
#include <stdexcept>
#include <vector>

#include "common/decision/decision_report.h"
#include "common/node_config/node_config.h"
#include "common/roster/roster_directory.h"
#include "common/system/errno_text.h"
#include "together_refresh/count/decision_journal.h"
#include "together_refresh/count/decision_sockets.h"
#include "together_refresh/count/decision_tally.h"
#include "together_refresh/count/last_seen_reporter.h"
#include "together_refresh/count/node_metrics.h"
#include "together_refresh/count/textfile.h"
#include "together_refresh/process/patient_accounts.h"

namespace together {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

// The textfile is as old at most: sooner where something was counted.
constexpr auto rewrite_after = 15s;
constexpr auto rewrite_counted_after = 5s;
constexpr auto turn = 1s;
// Nothing is counted while the name service is asked for the senders.
constexpr auto max_lookup = 1s;

void say(const std::string& text) {
    (void)std::fprintf(stderr, "together-refresh: %s\n", text.c_str());
}

// Who has the lock counts; another watcher of this node waits for its end.
FileDescriptor wait_for_lock() {
    constexpr mode_t for_root = 0600;
    FileDescriptor lock(
        ::open(decisions_lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, for_root));
    if (!lock)
        throw std::runtime_error(errno_text(std::string("cannot open ") + decisions_lock, errno));
    while (::flock(lock.get(), LOCK_EX) != 0)
        if (errno != EINTR)
            throw std::runtime_error(
                errno_text(std::string("cannot lock ") + decisions_lock, errno));
    return lock;
}

class Counting {
  public:
    explicit Counting(const std::string& config_path)
        : config_path_(config_path),
          lock_(wait_for_lock()),
          sockets_(decisions_folder),
          journal_(decisions_journal) {}

    [[noreturn]] void run() {
        while (true) {
            // A slip in another section loses no decisions.
            const auto config = load_metrics_config(config_path_);
            if (config) complain(sockets_.keep(uids_of(config->metrics.senders)), sockets_problem_);
            if (config) keep_reporter(*config);
            const auto until = Steady::now() + rewrite_after;
            const auto soonest = Steady::now() + rewrite_counted_after;
            bool counted = false;
            while (Steady::now() < until && !(counted && Steady::now() >= soonest)) {
                sockets_.take(static_cast<int>(std::chrono::milliseconds(turn).count()),
                              [&](uid_t sender, std::string_view line) {
                                  counted = true;
                                  if (!add(sender, line)) return;
                                  if (config && reporter_) reporter_->decided(*config, line);
                              });
                if (config && reporter_)
                    complain(reporter_->turn(*config), reporter_problem_,
                             "who was seen last is not told");
            }
            if (config && !config->metrics.textfile.empty())
                complain(write_textfile(config->metrics.textfile,
                                        tally_.text() + node_metrics(*config, clock_)),
                         textfile_problem_, "what was counted is not written to the textfile");
        }
    }

  private:
    // One whom the name service does not know now keeps the uid that it had.
    std::vector<uid_t> uids_of(const std::vector<std::string>& logins) {
        std::vector<uid_t> uids{0};
        accounts_.ask_again();
        for (const auto& login : logins) {
            if (const auto uid = accounts_.uid_of(login); uid && *uid) known_[login] = **uid;
            if (const auto uid = known_.find(login); uid != known_.end() && uid->second != 0)
                uids.push_back(uid->second);
        }
        return uids;
    }

    // False where it is no decision.
    bool add(uid_t sender, std::string_view line) {
        const bool is_one = tally_.add(line);
        if (is_one) journal_.add(clock_.now().realtime, sender, line);
        return is_one;
    }

    // Whom it has seen is for that authority alone, and forgotten where it is off.
    void keep_reporter(const NodeConfig& config) {
        const auto tells = config.base_url + ' ' + config.project;
        if (!config.report_last_seen || tells != reporter_tells_) reporter_.reset();
        if (config.report_last_seen && !reporter_) reporter_.emplace(clock_);
        reporter_tells_ = tells;
    }

    // Once, until it is another one.
    static void complain(const Result<void>& result, std::string& last,
                         const std::string& what = "decisions are not counted") {
        const auto problem = result ? std::string() : result.error().message;
        if (!problem.empty() && problem != last) say(what + ": " + problem);
        last = problem;
    }

    const std::string& config_path_;
    SystemClock clock_;
    const FileDescriptor lock_;
    SystemAccounts name_service_;
    PatientAccounts accounts_{name_service_, max_lookup};
    std::map<std::string, uid_t> known_;
    DecisionSockets sockets_;
    DecisionJournal journal_;
    DecisionTally tally_;
    std::optional<LastSeenReporter> reporter_;
    std::string reporter_tells_;
    std::string sockets_problem_;
    std::string reporter_problem_;
    std::string textfile_problem_;
};

// Its folder is root's, or it is a trap.
bool has_folder() {
    if (::mkdir(decisions_folder, 0755) != 0 && errno != EEXIST) return false;
    return check_roster_directory(decisions_folder).has_value();
}

}  // namespace

DecisionCounter::DecisionCounter(const std::string& config_path)
    : process_("decisions are not counted", [config_path] { Counting(config_path).run(); }) {}

void DecisionCounter::keep_running() {
    if (::geteuid() == 0 && has_folder()) process_.keep_running();
}

}  // namespace together
