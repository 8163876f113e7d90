// SPDX-License-Identifier: Apache-2.0
// A directory that is listed; closed at its end.
#pragma once

#include <dirent.h>

#include <memory>

namespace together {

struct CloseDirectory {
    void operator()(DIR* directory) const { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

}  // namespace together
