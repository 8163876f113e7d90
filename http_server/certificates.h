// SPDX-License-Identifier: Apache-2.0
// What a server proves itself with, and how it speaks TLS.
#pragma once

#include <openssl/types.h>

#include <memory>
#include <optional>
#include <string>

#include "common/system/result.h"

namespace together::http {

struct CertificateFiles {
    std::string chain;  // PEM; empty: plain HTTP
    std::string key;
    std::string client_ca;  // PEM; empty: clients need no certificate

    bool operator==(const CertificateFiles&) const = default;
};

// Connections that are made with it keep it for as long as they need it. Thread-safe.
Result<std::shared_ptr<SSL_CTX>> read_certificates(const CertificateFiles& files);

// For those that are read again when one of the files is another.
class CertificateWatch {
  public:
    // What was read; nothing where the files are those of the last look. What is wrong with files
    // is said once.
    std::optional<Result<std::shared_ptr<SSL_CTX>>> look(const CertificateFiles& files);

  private:
    std::string seen_;
};

}  // namespace together::http
