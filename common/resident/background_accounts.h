// SPDX-License-Identifier: Apache-2.0
// The node's accounts for a calling program that must not wait: a thread of its own asks the name
// service, and who asks us gets what is known, or "not yet".
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <thread>

#include "common/system/node_accounts.h"

namespace together {

// Thread-safe. An answer is kept for a minute and then asked for again when somebody wants it; one
// that names an account is given for up to ten minutes while the name service does not answer.
class BackgroundAccounts : public NodeAccounts {
  public:
    using Now = std::function<std::chrono::steady_clock::time_point()>;

    // `service` may block for as long as it likes; one thread calls it. `patience` is how long
    // prepare() and the destructor wait for it.
    explicit BackgroundAccounts(
        std::shared_ptr<NodeAccounts> service = std::make_shared<SystemAccounts>(),
        std::chrono::milliseconds patience = std::chrono::seconds(1),
        Now now = std::chrono::steady_clock::now);
    // A thread that does not come back from the name service is left behind.
    ~BackgroundAccounts() override;
    BackgroundAccounts(const BackgroundAccounts&) = delete;
    BackgroundAccounts& operator=(const BackgroundAccounts&) = delete;

    // Neither ever waits: an answer that is not known yet is an error to be tried again. A login
    // that uid_of() was asked for is known by its uid too, so that many uids that strangers have us
    // ask for hold up nobody whose login is on the roster.
    Result<std::optional<uid_t>> uid_of(const std::string& login) override;
    Result<std::optional<std::string>> login_of(uid_t uid) override;
    // Waits, but no longer than `patience` for all of them.
    void prepare(const std::vector<std::string>& logins) override;

  private:
    struct Shared;

    std::shared_ptr<Shared> shared_;  // the thread's too, which may outlive us
    std::chrono::milliseconds patience_;
    std::thread thread_;
};

}  // namespace together
