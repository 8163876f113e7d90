// SPDX-License-Identifier: Apache-2.0
#include "common/resident/config_keeper.h"

#include <filesystem>

#include "common/config/exempt_logins.h"
#include "common/system/file_identity.h"

namespace together {

ConfigKeeper::ConfigKeeper(std::string path, NodeAccounts* accounts, ResidentLog& log,
                           std::string_view asked)
    : path_(std::move(path)),
      accounts_(accounts),
      log_(log),
      asked_(asked),
      current_(std::make_shared<const Result<Config>>(failure(path_ + " was not read yet"))) {}

std::shared_ptr<const Result<Config>> ConfigKeeper::current() const {
    const std::lock_guard lock(mutex_);
    return current_;
}

void ConfigKeeper::look() {
    auto now = fingerprint();
    if (now != seen_) {
        seen_ = std::move(now);
        read();
    } else if (!unresolved_.empty()) {
        resolve();
    }
}

void ConfigKeeper::read() {
    auto config = load_config(path_);
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
void ConfigKeeper::resolve() {
    Config config = read_;
    std::vector<std::string> problems;
    if (accounts_ != nullptr) problems = resolve_exempt_logins(config, *accounts_);
    if (problems != unresolved_)
        for (const auto& problem : problems) log_.error(problem);
    unresolved_ = std::move(problems);
    put_in_force(std::move(config));
}

void ConfigKeeper::put_in_force(Result<Config> config) {
    auto next = std::make_shared<const Result<Config>>(std::move(config));
    const std::lock_guard lock(mutex_);
    current_.swap(next);
}

std::vector<std::string> ConfigKeeper::fingerprint() const {
    const std::string drop_ins = path_ + ".d";
    std::vector<std::string> files = {file_identity(path_), file_identity(drop_ins)};
    std::error_code error;
    for (std::filesystem::directory_iterator entry(drop_ins, error), end; !error && entry != end;
         entry.increment(error))
        files.push_back(file_identity(entry->path().string()));
    return files;
}

}  // namespace together
