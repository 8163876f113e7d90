// SPDX-License-Identifier: Apache-2.0
// together-refresh --check-access: does this node's authority answer, and to this node's token?
// (togetherctl doctor). Writes nothing to the node's state.
#pragma once

#include <string>

namespace together {

// A line for each finding on stdout, with tabs between. Returns the exit status: 0 where the
// authority was asked, 2 with a message on stderr where it could not be.
int check_access(const std::string& config_path);

}  // namespace together
