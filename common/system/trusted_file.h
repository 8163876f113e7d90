// SPDX-License-Identifier: Apache-2.0
// Whom a file must belong to: root, or the reader's own effective uid; nobody else may write it.
// Checked on the opened descriptor. All functions: thread-safe, never block on a FIFO or a lease.
#pragma once

#include <sys/stat.h>

#include <string>

#include "common/system/file_descriptor.h"
#include "common/system/result.h"

namespace together {

enum class FileError { missing, unusable };

struct OpenFailure {
    FileError kind = FileError::unusable;
    std::string message;  // names the path
};

enum class Links {
    follow,  // configuration, token: Kubernetes mounts secrets as symbolic links
    refuse,  // what we write ourselves
};

enum class Secrecy {
    open,
    secret,  // nobody else may read it, its own group aside
};

struct TrustedFile {
    FileDescriptor descriptor;
    struct stat status {};
};

tl::expected<TrustedFile, OpenFailure> open_trusted(const std::string& path, Links links,
                                                    Secrecy secrecy = Secrecy::open);

// The whole of a small trusted file. One that is larger than `limit` bytes is an error.
tl::expected<std::string, OpenFailure> read_trusted(const std::string& path, std::size_t limit,
                                                    Secrecy secrecy = Secrecy::open);

}  // namespace together
