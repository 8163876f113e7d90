// SPDX-License-Identifier: Apache-2.0
// Whom [roster] directory must belong to.
#pragma once

#include <string>

#include "common/system/result.h"

namespace together {

// A folder of root's, or of who runs this, that nobody else may write.
Result<void> check_roster_directory(const std::string& path);

}  // namespace together
