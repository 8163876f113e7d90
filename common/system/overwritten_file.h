// SPDX-License-Identifier: Apache-2.0
// Small files that change without a new inode or block.
#pragma once

#include <string>
#include <string_view>

#include "common/system/result.h"

namespace together {

// The whole of a small file of ours, overwritten in place; made with mode 0644 where it is missing.
Result<void> overwrite_in_place(const std::string& path, std::string_view bytes);

}  // namespace together
