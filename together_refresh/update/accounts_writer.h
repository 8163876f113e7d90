// SPDX-License-Identifier: Apache-2.0
// Writes accounts.v1 and authorized_keys.v1 (next_file.h). A kill at any instant leaves the old
// file or the new one.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "common/accounts/accounts_database.h"
#include "common/system/result.h"
#include "together_refresh/update/next_file.h"

namespace together {

using AccountsRecords = std::vector<std::pair<std::string, std::string>>;  // key, record

// Who was removed, and used gids: of the keys' file, too, in case the accounts' is lost.
AccountsRecords reserved_records(const Accounts& accounts);

// People and used gids first, then groups; `people` is how many the first are.
AccountsRecords account_records(const Accounts& accounts, const AccountsConfig& as,
                                std::uint32_t& people);

struct FileAccess {
    mode_t mode = 0644;
    gid_t group = 0;
};

inline ReplacedFile replaced_file(const std::string& path, FileAccess access) {
    return {path, path + ".new", spare_of(path), access.mode, access.group};
}

// `header` still lacks what is said of the file itself. The caller holds the write lock.
Result<void> write_accounts_file(const std::string& path, const AccountsRecords& records,
                                 const AccountsHeader& header, FileAccess access);

Digest digest_of(const AccountsRecords& records);

}  // namespace together
