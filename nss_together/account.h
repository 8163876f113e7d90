// SPDX-License-Identifier: Apache-2.0
// One account, looked up and checked.
#pragma once

#include "nss_together/database.h"

namespace together::nss {

// Points into the database's record.
struct Account {
    AccountHead head;
    const char* groups;  // gids, not aligned
    const char* text;    // login, "*", user id, home, shell, each with its NUL
    size_t text_size;
};
inline constexpr int texts_of_an_account = 5;

Outcome find_account(Database& database, const Key& key, Account& account);

// Whether the account is ours, not one of the node's that has our groups.
inline bool is_ours(const Account& account) {
    return (account.head.flags & account_is_the_nodes) == 0;
}

}  // namespace together::nss
