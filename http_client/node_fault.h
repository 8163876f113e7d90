// SPDX-License-Identifier: Apache-2.0
// What this node itself has run out of when a request fails: ports, descriptors, memory. An
// ordinary user can bring that about, and it is not the authority's silence.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace together {

// An error that is this node's own whatever the peer does.
bool is_of_this_node(int error);

struct UsedUp {
    std::string text;  // "this node has no local port left for a look-up: Address already in use"
    bool is_a_port = false;
};

// What a look-up and a connection need and cannot have now: a local port (of UDP, of TCP), a few
// descriptors, a thread, memory of the network. Asks the kernel, sends nothing.
std::optional<UsedUp> what_is_used_up();

// Where what a kernel's limit is on is nearly all in use: then packets are dropped, unseen by who
// waits for them. `in_use` as in /proc/net/sockstat or a single number, `limits` as in
// /proc/sys/net/ipv4/tcp_mem, whose last number is the hard one.
bool is_nearly_all(std::string_view in_use, std::string_view protocol, std::string_view limits);

}  // namespace together
