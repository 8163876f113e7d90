// SPDX-License-Identifier: Apache-2.0
// Where the ids of people begin: those below are the system's, whatever a roster or a file says.
#pragma once

#include <stdint.h>

namespace together {

inline constexpr uint32_t first_account_id = 1000;

}  // namespace together
