// SPDX-License-Identifier: Apache-2.0
// Is the token's file there, with a safe owner and mode?
#pragma once

#include <string>

#include "common/config/config.h"

namespace together::ctl {

struct TokenFile {
    std::string state;  // usable, missing, unusable, not_needed, not_tested
    std::string problem;
};

// Opened and looked at, never read.
TokenFile look_at_token(const together::Config& config);

}  // namespace together::ctl
