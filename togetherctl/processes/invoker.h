// SPDX-License-Identifier: Apache-2.0
// Who sits behind a root shell.
#pragma once

#include <string>
#include <vector>

namespace together::ctl {

// The logins of those who may have started this, root aside: sudo's caller, the one who logged in
// (loginuid), the owner of the nearest process above that is not root's, and of the terminal. None
// in a root login. Asks the name service.
std::vector<std::string> people_behind_this();

}  // namespace together::ctl
