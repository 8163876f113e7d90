// SPDX-License-Identifier: Apache-2.0
// The keys of one login in /var/lib/together/authorized_keys.v1 (common/accounts/record_layout.h),
// for sshd. Wrong keys let somebody in, so each doubt is an error: what is returned was in the file
// under that very login, whole, and has no option that sshd would obey.
#pragma once

#include <string>
#include <string_view>

#include "common/system/file_descriptor.h"
#include "common/system/result.h"

namespace together {

inline constexpr const char* served_keys_path = "/var/lib/together/authorized_keys.v1";

// Root's, and written by nobody else. Never waits, for a FIFO say.
Result<FileDescriptor> open_served_keys(const std::string& path);

// "TYPE BASE64\n" for each key, empty where the login has none. Damage can take a login's keys away
// unnoticed, never give it others.
Result<std::string> served_keys_of(int file, std::string_view login);

}  // namespace together
