// SPDX-License-Identifier: Apache-2.0
// A folder that is held open, so that it stays the same whatever its path leads to later.
#pragma once

#include <string>

#include "common/system/file_descriptor.h"
#include "common/system/result.h"

namespace together {

// By an absolute path of which no part is a symbolic link: whoever owns a folder on the way could
// lead root elsewhere with one. Others than the last need not be readable.
Result<FileDescriptor> open_folder_without_links(const std::string& path);

}  // namespace together
