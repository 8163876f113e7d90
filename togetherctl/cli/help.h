// SPDX-License-Identifier: Apache-2.0
// --help, rendered from the verbs' tables.
#pragma once

#include <string>

#include "togetherctl/cli/verb.h"

namespace together::ctl {

std::string help_of_command(Verbs verbs);
std::string help_of_verb(const Verb& verb);

}  // namespace together::ctl
