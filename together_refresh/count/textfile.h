// SPDX-License-Identifier: Apache-2.0
// The file that node_exporter's textfile collector reads, whose folder may be another user's.
#pragma once

#include <string>
#include <string_view>

#include "common/system/result.h"

namespace together {

// Replaces it, mode 0644, through no symbolic link: whose folder it is could lead root elsewhere.
// One writer at a time: what one left there that was killed is removed.
Result<void> write_textfile(const std::string& path, std::string_view text);

}  // namespace together
