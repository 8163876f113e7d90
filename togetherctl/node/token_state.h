// SPDX-License-Identifier: Apache-2.0
// Is the token's file there and well kept?
#pragma once

#include <string>

#include "common/config/config.h"

namespace togetherctl {

struct TokenFile {
    std::string state;  // usable, missing, unusable, not_needed, not_tested
    std::string problem;
};

// Opened and looked at, never read.
TokenFile look_at_token(const together::Config& config);

}  // namespace togetherctl
