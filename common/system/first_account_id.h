// SPDX-License-Identifier: Apache-2.0
// Where the ids of people begin: those below are the system's, whatever a roster or a file says.
#pragma once

#include <stdint.h>

namespace together {

inline constexpr uint32_t first_account_id = 1000;
// Given by distributions and by systemd to services, to slurm among them, and to nobody (Debian
// policy, 9.2.2; systemd, UIDS-GIDS).
inline constexpr uint32_t first_service_id = 60000;
inline constexpr uint32_t last_service_id = 65535;

}  // namespace together
