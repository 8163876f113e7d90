// SPDX-License-Identifier: Apache-2.0
// Which authority somebody asks, and the token that they ask with: what `together login` keeps in a
// file that nobody else may read.
#pragma once

#include <chrono>
#include <string>
#include <utility>

#include "common/system/file_descriptor.h"
#include "common/system/result.h"

namespace together::cli {

struct Credentials {
    std::string url;      // ends with /v1
    std::string token;    // empty: asks as nobody
    std::string ca_file;  // absolute; empty: the system's store
    std::string project;  // the id of the one that is meant where none is named; empty: none
};

// $XDG_CONFIG_HOME/together/credentials.json, or below ~/.config.
Result<std::string> default_credentials_path();

// Errors name the file and what to do, never what stands in it.
Result<Credentials> read_credentials(const std::string& path);

// Whoever writes the file has it from before they read it: what somebody else wrote or removed in
// between would be lost, or back. It stands beside the file while it is held.
class CredentialsLock {
  public:
    // Makes the file's folder, mode 0700. Waits for another so long.
    static Result<CredentialsLock> take(
        const std::string& path, std::chrono::milliseconds patience = std::chrono::seconds(10));
    CredentialsLock(CredentialsLock&&) noexcept = default;
    CredentialsLock& operator=(CredentialsLock&&) = delete;
    ~CredentialsLock();

  private:
    CredentialsLock(std::string path, FileDescriptor file)
        : path_(std::move(path)), file_(std::move(file)) {}

    std::string path_;
    FileDescriptor file_;
};

// Replaces the file, mode 0600.
Result<void> write_credentials(const CredentialsLock& lock, const std::string& path,
                               const Credentials& credentials);

// False where there was none.
Result<bool> remove_credentials(const CredentialsLock& lock, const std::string& path);

// As people write it: "https://roles.example.com" is what ends with /v1, too.
Result<std::string> parse_authority_url(const std::string& text);

}  // namespace together::cli
