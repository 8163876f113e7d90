// SPDX-License-Identifier: Apache-2.0
// The submit check: slurmctld's own check of every submission, which no client gets past.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "common/decision/gate.h"
#include "common/resident/background_accounts.h"
#include "common/resident/config_keeper.h"

namespace together {

// A thread of its own looks at the configuration and at who of a new snapshot has no uid, once a
// second, so that decide() reads no more than a few blocks while slurmctld holds its locks.
class SubmitCheck {
  public:
    // Reads the configuration, and waits a second at most for the uids of exempt logins: what the
    // name service does not tell by then is used when it does. `log` must outlive it.
    SubmitCheck(const std::string& config_path, ResidentLog& log);
    ~SubmitCheck();
    SubmitCheck(const SubmitCheck&) = delete;
    SubmitCheck& operator=(const SubmitCheck&) = delete;

    // Thread-safe. Never waits: no helper, no network, no name service. Where the roster has
    // entries without a uid, it cannot tell who a uid is before a thread has asked.
    Decision decide(uid_t uid);

  private:
    void look();
    void ask_ahead(const Snapshot& roster);
    void watch(const std::stop_token& stop);

    BackgroundAccounts accounts_;
    SystemClock clock_;
    NoRefresher refresher_;
    ConfigKeeper<> configuration_;
    std::optional<Digest> seen_;         // the roster that nameless_ is of
    std::vector<std::string> nameless_;  // its logins without a uid
    ResidentLog& log_;
    std::mutex mutex_;
    std::condition_variable_any wake_;
    std::jthread watcher_;
};

}  // namespace together
