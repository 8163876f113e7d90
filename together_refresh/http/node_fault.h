// SPDX-License-Identifier: Apache-2.0
// What this node itself has run out of when a request fails: ports, descriptors, memory. An
// ordinary user can bring that about, and it is not the authority's silence.
#pragma once

#include <optional>
#include <string>

namespace together {

// An error that is this node's own whatever the peer does.
bool is_of_this_node(int error);

// Why no socket of ours gets a port of its own to be reached at: "this node has no local port
// left: Cannot assign requested address". Nothing where ports are to be had. For look-ups (UDP) and
// connections (TCP). Asks the kernel, sends nothing.
std::optional<std::string> why_no_port();

}  // namespace together
