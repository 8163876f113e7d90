// SPDX-License-Identifier: Apache-2.0
// Which authority somebody asks, and the token that they ask with: what `together login` keeps in a
// file that nobody else may read.
#pragma once

#include <string>

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

// Replaces the file, mode 0600, and makes its folder, mode 0700.
Result<void> write_credentials(const std::string& path, const Credentials& credentials);

// False where there was none.
Result<bool> remove_credentials(const std::string& path);

// As people write it: "https://roles.example.com" is what ends with /v1, too.
Result<std::string> parse_authority_url(const std::string& text);

}  // namespace together::cli
