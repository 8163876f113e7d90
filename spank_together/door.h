// The door: slurmctld's own check of every submission, which no client gets past.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "config_keeper.h"
#include "gate.h"

namespace together {

// A thread of its own looks at the configuration and verifies a new snapshot, once a second, so
// that decide() reads no more than a few blocks while slurmctld holds its locks.
class Door {
  public:
    // Reads the configuration and asks the name service for exempt logins; slurmctld serves nobody
    // yet. `log` must outlive it.
    Door(const std::string& config_path, HostLog& log);
    ~Door();
    Door(const Door&) = delete;
    Door& operator=(const Door&) = delete;

    // Thread-safe. Never waits: no helper, no network; the name service only where the roster has
    // entries without a uid, and for this uid alone.
    Decision decide(uid_t uid);

  private:
    void look();
    void watch(const std::stop_token& stop);

    SystemAccounts accounts_;
    SystemClock clock_;
    NoRefresher refresher_;
    VerifiedFiles verified_;
    ConfigKeeper configuration_;
    HostLog& log_;
    std::mutex mutex_;
    std::condition_variable_any wake_;
    std::jthread watcher_;
};

}  // namespace together
