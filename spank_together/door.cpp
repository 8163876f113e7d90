#include "door.h"

#include <signal.h>

#include <mutex>
#include <system_error>

namespace together {
namespace {

using namespace std::chrono_literals;

// slurmctld's signals are for its own threads.
class BlockedSignals {
  public:
    BlockedSignals() {
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~BlockedSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    BlockedSignals(const BlockedSignals&) = delete;
    BlockedSignals& operator=(const BlockedSignals&) = delete;

  private:
    sigset_t before_;
};

}  // namespace

Door::Door(const std::string& config_path, HostLog& log)
    : configuration_(config_path, accounts_, log), log_(log) {
    look();
    const BlockedSignals blocked;
    try {
        watcher_ = std::jthread([this](const std::stop_token& stop) { watch(stop); });
    } catch (const std::system_error& error) {
        log_.error(std::string("no thread to watch the configuration: ") + error.what());
    }
}

Door::~Door() = default;  // watcher_ is the last member: it is stopped and joined first

void Door::watch(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, stop, 1s, [&stop] { return stop.stop_requested(); })) {
        try {
            look();
        } catch (const std::exception& exception) {
            log_.error(exception.what());
        }
    }
}

void Door::look() {
    configuration_.look();
    const auto config = configuration_.current();
    if (!*config) return;
    if (const auto roster = open_roster(**config, clock_.now())) verified_.holds(roster->snapshot);
}

Decision Door::decide(uid_t uid) {
    Gate gate(*configuration_.current(), clock_, accounts_, refresher_, &verified_);
    return gate.decide({Subject::of_uid(uid), Action::slurm_submit, false});
}

}  // namespace together
