// SPDX-License-Identifier: Apache-2.0
// What this node itself has run out of when a request fails: ports, descriptors, memory. An
// ordinary user can bring that about, and it is not the authority's silence.
#pragma once

#include <optional>
#include <string>

namespace together {

// An error that is this node's own whatever the peer does.
bool is_of_this_node(int error);

struct UsedUp {
    std::string text;  // "this node has no local port left for a look-up: Address already in use"
    bool is_a_port = false;
};

// What a look-up and a connection need and cannot have now: a local port (of UDP, of TCP), a few
// descriptors, a thread. Asks the kernel, sends nothing.
std::optional<UsedUp> what_is_used_up();

}  // namespace together
