// SPDX-License-Identifier: Apache-2.0
// The configuration as a calling program that lives long uses it: read again when a file of it
// changes, and the last valid one stays in force while the new one is wrong.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "common/config/config.h"
#include "common/config/exempt_logins.h"
#include "common/resident/resident_log.h"
#include "common/system/node_accounts.h"

namespace together {

// What changes where the files of the configuration do.
std::vector<std::string> config_fingerprint(const std::string& path);

// Of Config or of AuthorizerConfig. current() may be called by any thread at any time and blocks
// for no longer than a copy of a pointer; look() by one thread.
template <class Settings = Config>
class ConfigKeeper {
  public:
    using Load = Result<Settings> (*)(const std::string& path);

    // The seams must outlive it. Nothing is read before the first look(). `accounts` is null where
    // nobody's uid counts; `asked` is what is refused while there is no configuration: "request".
    ConfigKeeper(std::string path, Load load, NodeAccounts* accounts, ResidentLog& log,
                 std::string_view asked);

    // Reads the files if one of them is another than at the last look (device, inode, size, time
    // of change), and looks again for exempt logins that had no account. Blocks as long as the
    // accounts do. What happened is told once.
    void look();

    std::shared_ptr<const Result<Settings>> current() const;

  private:
    void read_anew();
    void resolve();
    void put_in_force(Result<Settings> config);

    std::string path_;
    Load load_;
    NodeAccounts* accounts_;
    ResidentLog& log_;
    std::string asked_;
    std::vector<std::string> seen_;
    Settings read_;                        // the last valid one, without the uids of exempt logins
    std::vector<std::string> unresolved_;  // exempt logins without a uid, as sentences

    mutable std::mutex mutex_;  // guards current_
    std::shared_ptr<const Result<Settings>> current_;
};

template <class Settings>
ConfigKeeper<Settings>::ConfigKeeper(std::string path, Load load, NodeAccounts* accounts,
                                     ResidentLog& log, std::string_view asked)
    : path_(std::move(path)),
      load_(load),
      accounts_(accounts),
      log_(log),
      asked_(asked),
      current_(std::make_shared<const Result<Settings>>(failure(path_ + " was not read yet"))) {}

template <class Settings>
std::shared_ptr<const Result<Settings>> ConfigKeeper<Settings>::current() const {
    const std::lock_guard lock(mutex_);
    return current_;
}

template <class Settings>
void ConfigKeeper<Settings>::look() {
    auto now = config_fingerprint(path_);
    if (now != seen_) {
        seen_ = std::move(now);
        read_anew();
    } else if (!unresolved_.empty()) {
        resolve();
    }
}

template <class Settings>
void ConfigKeeper<Settings>::read_anew() {
    auto config = load_(path_);
    if (!config) {
        const bool keeps = current()->has_value();
        log_.error(config.error().message + (keeps ? ": the last valid configuration stays in force"
                                                   : ": every " + asked_ + " is refused"));
        if (!keeps) put_in_force(std::move(config));
        return;
    }
    read_ = *std::move(config);
    if (accounts_ != nullptr) accounts_->prepare(read_.exempt_logins);
    resolve();
    log_.info("configuration read: " + path_);
}

// Accounts can come later than slurmctld does, from a name service that starts after it.
template <class Settings>
void ConfigKeeper<Settings>::resolve() {
    Settings config = read_;
    std::vector<std::string> problems;
    if (accounts_ != nullptr) problems = resolve_exempt_logins(config, *accounts_);
    if (problems != unresolved_)
        for (const auto& problem : problems) log_.error(problem);
    unresolved_ = std::move(problems);
    put_in_force(std::move(config));
}

template <class Settings>
void ConfigKeeper<Settings>::put_in_force(Result<Settings> config) {
    auto next = std::make_shared<const Result<Settings>>(std::move(config));
    const std::lock_guard lock(mutex_);
    current_.swap(next);
}

}  // namespace together
