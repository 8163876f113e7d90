// SPDX-License-Identifier: Apache-2.0
#include "http_server/certificates.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

namespace together::http {
namespace {

tl::unexpected<Error> failed(const std::string& file) {
    const auto error = ERR_get_error();
    const char* reason = error == 0 ? nullptr : ERR_reason_error_string(error);
    return failure(file + ": " + (reason == nullptr ? "OpenSSL does not take it" : reason));
}

}  // namespace

Result<std::shared_ptr<SSL_CTX>> read_certificates(const CertificateFiles& files) {
    ERR_clear_error();
    const std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    if (!context) return failed("TLS");
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION);
    // A connection that waits gives its buffers back.
    SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    // Clients bring tickets; a cache of ours would grow with each.
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context.get(), 1);
    if (SSL_CTX_use_certificate_chain_file(context.get(), files.chain.c_str()) != 1)
        return failed(files.chain);
    if (SSL_CTX_use_PrivateKey_file(context.get(), files.key.c_str(), SSL_FILETYPE_PEM) != 1)
        return failed(files.key);
    return context;
}

}  // namespace together::http
