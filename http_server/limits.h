// SPDX-License-Identifier: Apache-2.0
// What one client may take of the server.
#pragma once

#include <chrono>
#include <cstddef>

namespace together::http {

struct HttpLimits {
    std::size_t head_bytes = std::size_t{16} * 1024;
    std::size_t body_bytes = std::size_t{64} * 1024;
    // Of one whose length the head tells, where the backend has a place for it.
    std::size_t long_body_bytes = 0;
    std::size_t target_bytes = 2048;

    // For the whole of each, whatever trickles in meanwhile.
    std::chrono::seconds idle{75};  // until the next request begins; longer than nodes' polls
    std::chrono::seconds head{10};  // the first one's with the silence before it
    // Longer than the first bytes may take: where ten thousand come at once it is we who are slow.
    std::chrono::seconds handshake{30};
    std::chrono::seconds body{10};
    std::chrono::seconds send{30};
    std::chrono::seconds linger{2};  // for the client to read a refusal before the socket is closed
};

}  // namespace together::http
