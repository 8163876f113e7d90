// SPDX-License-Identifier: Apache-2.0
#include "spank_together/config_keeper.h"

#include <sys/stat.h>

#include <filesystem>

#include "common/config/exempt_logins.h"

namespace together {
namespace {

std::string time_text(const timespec& time) {
    return std::to_string(time.tv_sec) + "." + std::to_string(time.tv_nsec);
}

std::string identity_of(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return path + " missing";
    return path + " " + std::to_string(status.st_dev) + " " + std::to_string(status.st_ino) + " " +
           std::to_string(status.st_size) + " " + time_text(status.st_mtim) + " " +
           time_text(status.st_ctim);
}

}  // namespace

ConfigKeeper::ConfigKeeper(std::string path, NodeAccounts& accounts, PluginLog& log)
    : path_(std::move(path)),
      accounts_(accounts),
      log_(log),
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
                                                   : ": every submission is refused"));
        if (!keeps) put_in_force(std::move(config));
        return;
    }
    accounts_.prepare(config->exempt_logins);
    read_ = *std::move(config);
    resolve();
    log_.info("configuration read: " + path_);
}

// Accounts can come later than slurmctld does, from a name service that starts after it.
void ConfigKeeper::resolve() {
    Config config = read_;
    auto problems = resolve_exempt_logins(config, accounts_);
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
    std::vector<std::string> files = {identity_of(path_), identity_of(drop_ins)};
    std::error_code error;
    for (std::filesystem::directory_iterator entry(drop_ins, error), end; !error && entry != end;
         entry.increment(error))
        files.push_back(identity_of(entry->path().string()));
    return files;
}

}  // namespace together
