// SPDX-License-Identifier: Apache-2.0
// A program from its command line to its exit status.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/verb.h"

namespace together {

// `arguments` without the program's name. May throw what a verb throws.
int run(const Program& program, std::string_view version,
        const std::vector<std::string>& arguments);

}  // namespace together
