// SPDX-License-Identifier: Apache-2.0
// What root writes beside the configuration in an emergency, in force while the authority is away:
// a lockdown for everybody, admissions for one login until a time.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/system/clock.h"

namespace together {

// That /etc/together/lockdown exists counts, even unreadable; its first line is the reason.
std::optional<std::string> lockdown_in_force(const std::string& folder);

struct Admission {
    std::string login;
    std::optional<uid_t> uid;
    std::int64_t until = 0;  // realtime, nanoseconds
    std::string reason;
};

// The admission in admit.d/LOGIN, or the one that names the uid, while its end lies ahead. A
// malformed file admits nobody; what is wrong with it is added to `problems`. The clock is read
// only where there is such a file.
std::optional<Admission> admission_of_login(const std::string& folder, const std::string& login,
                                            Clock& clock, std::vector<std::string>& problems);
std::optional<Admission> admission_of_uid(const std::string& folder, uid_t uid, Clock& clock,
                                          std::vector<std::string>& problems);

// All of them, past ones too, for status and doctor.
std::vector<Admission> read_admissions(const std::string& folder,
                                       std::vector<std::string>& problems);

}  // namespace together
