// SPDX-License-Identifier: Apache-2.0
// One of the two files of the accounts, and its spare: the same again, which takes its place where
// it is damaged or lost, and where the disk is full the room for the next one (next_file.h).
//
// What the spare is for is what nobody else knows: whom this node had, and which ids are kept from
// others. It is written after the file is in its place, so at any instant one of them is intact.
#pragma once

#include <optional>
#include <string>

#include "common/accounts/accounts_database.h"
#include "together_refresh/update/accounts_writer.h"
#include "together_refresh/update/verified_file.h"

namespace together {

// Not thread-safe.
class AccountsFile {
  public:
    AccountsFile(Clock& clock, std::string path, const AccountsMagic& magic, mode_t mode);

    // Nothing where it is missing or damaged.
    std::optional<AccountsDatabase> open_intact();

    // The rest needs the write lock.
    //
    // As open_intact(); where the spare alone is intact, it is put in the file's place first, and
    // `said` says so. `opened` is not read again, unless the file was replaced since.
    Result<std::optional<AccountsDatabase>> open_or_restore(std::optional<AccountsDatabase> opened,
                                                            std::string& said);
    // Where `stored` has other content.
    Result<void> write_where_new(CdbImage records, AccountsHeader header, gid_t group,
                                 const std::optional<AccountsDatabase>& stored);
    // Makes the spare what the file is. Fails where there is no room for it.
    Result<void> keep_spare();

    // It or its spare, intact or not.
    bool is_there() const;
    bool is_of(const std::string& project) const;
    // It alone: nobody is answered from its spare.
    bool has_accounts_of(const std::string& project) const;
    const std::string& path() const { return path_; }

  private:
    std::string path_;
    AccountsMagic magic_;
    mode_t mode_;
    VerifiedFile seen_;
    VerifiedFile spare_seen_;
};

}  // namespace together
