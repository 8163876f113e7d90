// SPDX-License-Identifier: Apache-2.0
// The keys of one login in /var/lib/together/authorized_keys.v1 (common/accounts/record_layout.h),
// for sshd. Wrong keys let somebody in, so each doubt is an error: what is returned was in the file
// under that very login, whole, is of the person whom accounts.v1 has under it, and has no option
// that sshd would obey.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "common/accounts/accounts_database.h"
#include "common/system/file_descriptor.h"
#include "common/system/result.h"

namespace together {

class ServedKeys {
  public:
    // Both files are root's, and written by nobody else. Never waits, for a FIFO say.
    static Result<ServedKeys> open(const AccountsPaths& paths = AccountsPaths());

    ServedKeys(FileDescriptor keys, FileDescriptor accounts)
        : keys_(std::move(keys)), accounts_(std::move(accounts)) {}

    // "TYPE BASE64\n" for each key, empty where the login has none. Damage can take a login's keys
    // away unnoticed, never give it others. `uid`: whom sshd would let in, where the caller knows.
    Result<std::string> of(std::string_view login, std::optional<uid_t> uid = std::nullopt) const;

  private:
    FileDescriptor keys_;
    FileDescriptor accounts_;
};

}  // namespace together
