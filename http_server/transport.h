// SPDX-License-Identifier: Apache-2.0
// The bytes of one connection, over TCP or over TLS on it. Never blocks: what cannot be done now
// says what the socket must be ready for. Tried when it is, so that one that waits needs no buffer.
//
// One thread at a time. The socket is the caller's, and outlives it.
#pragma once

#include <openssl/types.h>

#include <cstddef>
#include <memory>
#include <string_view>

namespace together::http {

class Transport {
  public:
    enum class State {
        done,            // so many bytes; of a read at least one
        needs_readable,  // and then the same call again
        needs_writable,
        over,  // by the peer's will, or by an error
    };
    struct Step {
        State state;
        std::size_t bytes = 0;
    };

    virtual ~Transport() = default;
    virtual Step read(char* to, std::size_t size) = 0;
    // The first text and then the second; `bytes` may be fewer than both have.
    virtual Step write(std::string_view first, std::string_view second) = 0;
    // Tells the peer that nothing more comes.
    virtual void finish() = 0;
};

std::unique_ptr<Transport> plain_transport(int socket);

class TlsTransport : public Transport {
  public:
    // Until `done`, before anything else.
    virtual Step handshake() = 0;
    // Whether the peer was sent anything.
    virtual bool has_answered() const = 0;
};

// Nothing where there is no memory for it.
std::unique_ptr<TlsTransport> tls_transport(int socket, SSL_CTX* context);

// Whether the peer has sent anything at all, be it read or not.
bool has_sent_something(int socket);

}  // namespace together::http
