// SPDX-License-Identifier: Apache-2.0
// The node's accounts, as a test says they are.
#pragma once

#include <map>
#include <optional>

#include "common/system/node_accounts.h"

class FakeAccounts : public together::NodeAccounts {
  public:
    together::Result<std::optional<uid_t>> uid_of(const std::string& login) override {
        ++asked;
        if (is_broken) return together::failure("the name service could not look up " + login);
        const auto found = uids.find(login);
        if (found == uids.end()) return std::nullopt;
        return found->second;
    }
    together::Result<std::optional<std::string>> login_of(uid_t uid) override {
        ++asked;
        if (is_asking) return tl::make_unexpected(together::Error{"still asked", true});
        if (is_broken)
            return together::failure("the name service could not look up uid " +
                                     std::to_string(uid));
        for (const auto& [login, its_uid] : uids)
            if (its_uid == uid) return login;
        return std::nullopt;
    }

    std::map<std::string, uid_t> uids;
    bool is_broken = false;
    bool is_asking = false;  // login_of() cannot tell yet
    int asked = 0;
};
