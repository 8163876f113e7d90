// SPDX-License-Identifier: Apache-2.0
// --help, rendered from the program's tables.
#pragma once

#include <string>

#include "cli/verb.h"

namespace together {

std::string help_of_program(const Program& program);
std::string help_of_verb(const Verb& verb, const Program& program);

}  // namespace together
