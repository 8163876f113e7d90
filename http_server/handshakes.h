// SPDX-License-Identifier: Apache-2.0
// TLS handshakes, on threads of their own: each is half a millisecond of computing and more, and
// ten thousand nodes that come back at once would stop the I/O thread for seconds. Those of the few
// that come now and then, as probes do, are done at the server's own priority, as far as they take
// little of it; a crowd's are done at a lower one.
//
// Used on the I/O thread.
#pragma once

#include <openssl/types.h>

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "http_server/allowance.h"
#include "http_server/transport.h"

namespace together::http {

class Handshakes {
  public:
    using Done = std::function<void(std::shared_ptr<Transport>)>;

    // `home` is the I/O thread's.
    Handshakes(boost::asio::io_context& home, std::shared_ptr<SSL_CTX> certificates);
    ~Handshakes();
    Handshakes(const Handshakes&) = delete;
    Handshakes& operator=(const Handshakes&) = delete;

    // For those that begin from now on.
    void use(std::shared_ptr<SSL_CTX> certificates) { certificates_ = std::move(certificates); }

    // Calls `done` on the I/O thread, with nothing where it failed. The socket must not be closed
    // before; shutting it down ends the handshake.
    void begin(int socket, Done done);

  private:
    struct Worker;
    class Handshake;

    void on_done();

    boost::asio::io_context& home_;
    std::shared_ptr<SSL_CTX> certificates_;
    Allowance allowance_;  // of the few's
    std::vector<std::unique_ptr<Worker>> crowds_;
    std::unique_ptr<Worker> few_;
    std::size_t next_ = 0;
    std::size_t under_way_ = 0;
    std::size_t since_trimmed_ = 0;
};

}  // namespace together::http
