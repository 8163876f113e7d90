// SPDX-License-Identifier: Apache-2.0
// What a server proves itself with, and how it speaks TLS.
#pragma once

#include <openssl/types.h>

#include <memory>
#include <string>

#include "common/system/result.h"

namespace together::http {

struct CertificateFiles {
    std::string chain;  // PEM; empty: plain HTTP
    std::string key;
};

// Connections that are made with it keep it for as long as they need it. Thread-safe.
Result<std::shared_ptr<SSL_CTX>> read_certificates(const CertificateFiles& files);

}  // namespace together::http
