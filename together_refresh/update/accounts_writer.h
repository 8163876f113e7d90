// SPDX-License-Identifier: Apache-2.0
// Writes accounts.v1 and authorized_keys.v1 (next_file.h). A kill at any instant leaves the old
// file or the new one.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "common/accounts/accounts_database.h"
#include "common/system/result.h"
#include "together_refresh/update/cdb_image.h"
#include "together_refresh/update/next_file.h"

namespace together {

// Who was removed, and used gids: of the keys' file, too, in case the accounts' is lost.
void add_reserved(CdbImage& records, const Accounts& accounts);

// People and used gids first, then groups; `people` is how many the first are.
CdbImage account_records(const Accounts& accounts, const AccountsConfig& as, std::uint32_t& people);

// Of an account or a key, in bytes with its key: what is made room for at first.
inline constexpr std::size_t usual_record = 128;

struct FileAccess {
    mode_t mode = 0644;
    gid_t group = 0;
};

inline ReplacedFile replaced_file(const std::string& path, FileAccess access) {
    return {path, path + ".new", spare_of(path), access.mode, access.group};
}

// `header` still lacks what is said of the file itself. The caller holds the write lock.
Result<void> write_accounts_file(const std::string& path, CdbImage records, AccountsHeader header,
                                 FileAccess access);

}  // namespace together
