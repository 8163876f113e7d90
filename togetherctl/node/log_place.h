// SPDX-License-Identifier: Apache-2.0
// Where the gate's log lines can go on this node.
#pragma once

#include <string>

namespace together::ctl {

// Connects and sends nothing.
bool somebody_reads(const std::string& socket);

// What is missing where neither the system's log nor our own folder takes a line; else empty.
std::string no_place_for_log_lines();

}  // namespace together::ctl
