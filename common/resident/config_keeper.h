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
#include "common/resident/resident_log.h"
#include "common/system/node_accounts.h"

namespace together {

// current() may be called by any thread at any time and blocks for no longer than a copy of a
// pointer; look() by one thread.
class ConfigKeeper {
  public:
    // The seams must outlive it. Nothing is read before the first look(). `accounts` is null where
    // nobody's uid counts; `asked` is what is refused while there is no configuration: "request".
    ConfigKeeper(std::string path, NodeAccounts* accounts, ResidentLog& log,
                 std::string_view asked);

    // Reads the files if one of them is another than at the last look (device, inode, size, time
    // of change), and looks again for exempt logins that had no account. Blocks as long as the
    // accounts do. What happened is told once.
    void look();

    std::shared_ptr<const Result<Config>> current() const;

  private:
    void read();
    void resolve();
    std::vector<std::string> fingerprint() const;
    void put_in_force(Result<Config> config);

    std::string path_;
    NodeAccounts* accounts_;
    ResidentLog& log_;
    std::string asked_;
    std::vector<std::string> seen_;
    Config read_;                          // the last valid one, without the uids of exempt logins
    std::vector<std::string> unresolved_;  // exempt logins without a uid, as sentences

    mutable std::mutex mutex_;  // guards current_
    std::shared_ptr<const Result<Config>> current_;
};

}  // namespace together
