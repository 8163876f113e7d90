// SPDX-License-Identifier: Apache-2.0
// A descriptor that closes itself. Not copyable; moving leaves -1 behind.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <utility>

namespace together {

class FileDescriptor {
  public:
    FileDescriptor() = default;
    // Takes ownership. A program may run us with 0, 1 or 2 closed (cron, some daemons): a
    // descriptor below 3 would be taken for its standard streams, so it is moved up.
    explicit FileDescriptor(int fd) : fd_(fd) {
        if (fd_ >= 0 && fd_ <= STDERR_FILENO) {
            fd_ = ::fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
            ::close(fd);
        }
    }
    FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    FileDescriptor& operator=(FileDescriptor&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    FileDescriptor(const FileDescriptor&) = delete;
    FileDescriptor& operator=(const FileDescriptor&) = delete;
    ~FileDescriptor() { reset(); }

    int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }
    int release() { return std::exchange(fd_, -1); }
    void reset() {
        if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    }

  private:
    int fd_ = -1;
};

}  // namespace together
