// SPDX-License-Identifier: Apache-2.0
#include "common/system/trusted_file.h"

#include <cerrno>

#include "common/system/errno_text.h"
#include "common/system/io.h"

namespace together {
namespace {

tl::unexpected<OpenFailure> unusable(std::string message) {
    return tl::make_unexpected(OpenFailure{FileError::unusable, std::move(message)});
}

const char* why_not_trusted(const struct stat& status, Secrecy secrecy) {
    if (!S_ISREG(status.st_mode)) return "is not a regular file";
    if (status.st_uid != 0 && status.st_uid != ::geteuid())
        return "belongs neither to root nor to the user who reads it";
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return "can be written by others than its owner (chmod go-w)";
    if (secrecy == Secrecy::secret && (status.st_mode & S_IRWXO) != 0)
        return "can be read by everybody (chmod o-rwx)";
    return nullptr;
}

}  // namespace

tl::expected<TrustedFile, OpenFailure> open_trusted(const std::string& path, Links links,
                                                    Secrecy secrecy) {
    const int flags =
        O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (links == Links::refuse ? O_NOFOLLOW : 0);
    TrustedFile file{FileDescriptor(::open(path.c_str(), flags)), {}};
    if (!file.descriptor) {
        const int error = errno;
        return tl::make_unexpected(
            OpenFailure{error == ENOENT ? FileError::missing : FileError::unusable,
                        errno_text("cannot open " + path, error)});
    }
    if (::fstat(file.descriptor.get(), &file.status) != 0)
        return unusable(errno_text("cannot look at " + path, errno));
    if (const char* reason = why_not_trusted(file.status, secrecy))
        return unusable(path + " " + reason);
    return file;
}

tl::expected<std::string, OpenFailure> read_trusted(const std::string& path, std::size_t limit,
                                                    Secrecy secrecy) {
    auto file = open_trusted(path, Links::follow, secrecy);
    if (!file) return tl::make_unexpected(std::move(file.error()));
    const auto size = static_cast<std::size_t>(file->status.st_size);
    if (size > limit) return unusable(path + " is larger than " + std::to_string(limit) + " bytes");
    std::string text(size, '\0');
    const auto got = read_full_at(file->descriptor.get(), text.data(), size, 0);
    if (got < 0) return unusable(errno_text("cannot read " + path, errno));
    if (got < file->status.st_size) return unusable(path + " became shorter while it was read");
    return text;
}

}  // namespace together
