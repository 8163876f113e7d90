// SPDX-License-Identifier: Apache-2.0
#include "http_server/certificates.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <string_view>

#include "common/system/errno_text.h"
#include "common/system/file_identity.h"

namespace together::http {
namespace {

tl::unexpected<Error> failed(const std::string& file) {
    const auto error = ERR_get_error();
    if (ERR_SYSTEM_ERROR(error)) return failure(errno_text(file, ERR_GET_REASON(error)));
    const char* reason = error == 0 ? nullptr : ERR_reason_error_string(error);
    return failure(file + ": " + (reason == nullptr ? "OpenSSL does not take it" : reason));
}

// A connection without a certificate of that authority ends in its handshake.
bool demand_certificates(SSL_CTX* context, const std::string& authority) {
    if (SSL_CTX_load_verify_file(context, authority.c_str()) != 1) return false;
    auto* const names = SSL_load_client_CA_file(authority.c_str());
    if (names == nullptr) return false;
    SSL_CTX_set_client_CA_list(context, names);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    // Without one OpenSSL ends what a client resumes.
    constexpr std::string_view id = "together";
    return SSL_CTX_set_session_id_context(context,
                                          reinterpret_cast<const unsigned char*>(id.data()),
                                          static_cast<unsigned>(id.size())) == 1;
}

// Not what OpenSSL has besides: ffdhe8192 takes us 60 ms, and who asks for it nothing. The first
// list that it knows: before 3.5 there is no ML-KEM, under FIPS no X25519.
bool allow_cheap_groups(SSL_CTX* context) {
    for (const char* const groups : {"X25519MLKEM768:X25519:P-256:P-384:P-521",
                                     "X25519:P-256:P-384:P-521", "P-256:P-384:P-521"}) {
        if (SSL_CTX_set1_groups_list(context, groups) == 1) return true;
        ERR_clear_error();
    }
    return false;
}

}  // namespace

Result<std::shared_ptr<SSL_CTX>> read_certificates(const CertificateFiles& files) {
    ERR_clear_error();
    const std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    if (!context) return failed("TLS");
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION);
    if (!allow_cheap_groups(context.get())) return failed("TLS");
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
    if (!files.client_ca.empty() && !demand_certificates(context.get(), files.client_ca))
        return failed(files.client_ca);
    return context;
}

std::optional<Result<std::shared_ptr<SSL_CTX>>> CertificateWatch::look(
    const CertificateFiles& files) {
    auto now = file_identity(files.chain) + "\n" + file_identity(files.key) + "\n" +
               (files.client_ca.empty() ? std::string() : file_identity(files.client_ca));
    if (now == seen_) return std::nullopt;
    seen_ = std::move(now);
    return read_certificates(files);
}

}  // namespace together::http
