// SPDX-License-Identifier: Apache-2.0
// OpenSSL on the socket itself. Boost.Asio's stream keeps four buffers of 17 KiB for each
// connection, 680 MiB for ten thousand that wait.
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "http_server/transport.h"

namespace together::http {
namespace {

constexpr std::size_t record_size = SSL3_RT_MAX_PLAIN_LENGTH;

struct FreeSsl {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
};

// What goes into the next record. The second text follows the first within it: a head of its own
// would cost a record, a packet and a system call.
std::string_view next_record(std::string_view first, std::string_view second) {
    if (first.empty()) return second.substr(0, record_size);
    if (first.size() >= record_size) return first.substr(0, record_size);
    thread_local std::array<char, record_size> joined;
    std::memcpy(joined.data(), first.data(), first.size());
    const auto more = std::min(second.size(), record_size - first.size());
    if (more > 0) std::memcpy(joined.data() + first.size(), second.data(), more);
    return {joined.data(), first.size() + more};
}

class OpenSslTransport final : public TlsTransport {
  public:
    OpenSslTransport(int socket, std::unique_ptr<SSL, FreeSsl> ssl)
        : socket_(socket), ssl_(std::move(ssl)) {}

    Step handshake() override {
        ERR_clear_error();
        const auto done = step(SSL_accept(ssl_.get()));
        // SSL_MODE_RELEASE_BUFFERS does not give them back between two flights.
        if (done.state == State::needs_readable) (void)SSL_free_buffers(ssl_.get());
        return done;
    }

    bool has_answered() const override { return BIO_number_written(SSL_get_wbio(ssl_.get())) > 0; }

    Step read(char* to, std::size_t size) override {
        ERR_clear_error();
        return step(SSL_read(ssl_.get(), to, static_cast<int>(size)));
    }

    Step write(std::string_view first, std::string_view second) override {
        Step sent{State::done};
        while (!first.empty() || !second.empty()) {
            const auto record = next_record(first, second);
            ERR_clear_error();
            const auto one = step(SSL_write(ssl_.get(), record.data(), int(record.size())));
            // What the socket must be ready for comes out of the next call.
            if (one.state != State::done) return sent.bytes > 0 ? sent : one;
            sent.bytes += one.bytes;
            const auto of_first = std::min(first.size(), one.bytes);
            first.remove_prefix(of_first);
            second.remove_prefix(one.bytes - of_first);
        }
        return sent;
    }

    void finish() override {
        ERR_clear_error();
        (void)SSL_shutdown(ssl_.get());
        (void)::shutdown(socket_, SHUT_WR);
    }

  private:
    Step step(int result) {
        if (result > 0) return {State::done, static_cast<std::size_t>(result)};
        switch (SSL_get_error(ssl_.get(), result)) {
            case SSL_ERROR_WANT_READ:
                return {State::needs_readable};
            case SSL_ERROR_WANT_WRITE:
                return {State::needs_writable};
            default:
                return {State::over};
        }
    }

    const int socket_;
    const std::unique_ptr<SSL, FreeSsl> ssl_;
};

}  // namespace

std::unique_ptr<TlsTransport> tls_transport(int socket, SSL_CTX* context) {
    std::unique_ptr<SSL, FreeSsl> ssl(SSL_new(context));
    if (!ssl || SSL_set_fd(ssl.get(), socket) != 1) return nullptr;
    return std::make_unique<OpenSslTransport>(socket, std::move(ssl));
}

}  // namespace together::http
