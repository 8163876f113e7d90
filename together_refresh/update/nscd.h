// SPDX-License-Identifier: Apache-2.0
// nscd, where it runs, keeps names for minutes: it is told that they changed, as `nscd -i` does.
#pragma once

#include <string>

namespace together {

inline constexpr const char* nscd_socket = "/run/nscd/socket";

// passwd and group. Where there is no nscd, or it does not take it at once, nothing happens: it
// waits for nobody.
void tell_nscd(const std::string& socket = nscd_socket);

}  // namespace together
