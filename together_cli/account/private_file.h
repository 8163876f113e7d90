// SPDX-License-Identifier: Apache-2.0
// A file of one user's with a secret in it: nobody else may read or write it.
#pragma once

#include <cstdint>
#include <string>

#include "common/system/trusted_file.h"

namespace together::cli {

struct PrivateText {
    std::string text;
    std::int64_t changed_at;  // the file, in seconds since 1970
};

// `advice`: what to do where others can read it. Errors never say what stands in it.
tl::expected<PrivateText, OpenFailure> read_private(const std::string& path, Links links,
                                                    const std::string& advice);

// Mode 0700, and those above it where there are none.
Result<void> make_private_folder(const std::string& folder);

// Replaces the file, mode 0600, and makes its folder.
Result<void> write_private(const std::string& path, const std::string& text);

// The folder `together` in the one that this variable names, or in that one of $HOME; empty where
// neither is an absolute path.
std::string private_folder(const char* variable, const char* below_home);

}  // namespace together::cli
