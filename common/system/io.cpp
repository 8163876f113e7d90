// SPDX-License-Identifier: Apache-2.0
#include "common/system/io.h"

#include <unistd.h>

#include <cerrno>

namespace together {
namespace {

template <class Call>
ssize_t despite_signals(const Call& call) {
    ssize_t moved = 0;
    do {
        moved = call();
    } while (moved < 0 && errno == EINTR);
    return moved;
}

// The one loop: `move` is told how many bytes are done. How many were in the end, or -1.
template <class Move>
ssize_t move_all(std::size_t size, const Move& move) {
    std::size_t done = 0;
    while (done < size) {
        const auto moved = despite_signals([&] { return move(done); });
        if (moved < 0) return -1;
        if (moved == 0) break;
        done += static_cast<std::size_t>(moved);
    }
    return static_cast<ssize_t>(done);
}

bool wrote_all(ssize_t written, std::size_t size) {
    if (written == static_cast<ssize_t>(size)) return true;
    if (written >= 0) errno = EIO;  // write(2) took nothing and said no reason
    return false;
}

}  // namespace

ssize_t read_some(int fd, void* buffer, std::size_t size) {
    return despite_signals([=] { return ::read(fd, buffer, size); });
}

ssize_t read_some_at(int fd, void* buffer, std::size_t size, off_t offset) {
    return despite_signals([=] { return ::pread(fd, buffer, size, offset); });
}

ssize_t read_full(int fd, void* buffer, std::size_t size) {
    auto* const bytes = static_cast<char*>(buffer);
    return move_all(size, [=](std::size_t done) { return ::read(fd, bytes + done, size - done); });
}

ssize_t read_full_at(int fd, void* buffer, std::size_t size, off_t offset) {
    auto* const bytes = static_cast<char*>(buffer);
    return move_all(size, [=](std::size_t done) {
        return ::pread(fd, bytes + done, size - done, offset + static_cast<off_t>(done));
    });
}

bool write_full(int fd, const void* bytes, std::size_t size) {
    const auto* const from = static_cast<const char*>(bytes);
    return wrote_all(
        move_all(size, [=](std::size_t done) { return ::write(fd, from + done, size - done); }),
        size);
}

bool write_full_at(int fd, const void* bytes, std::size_t size, off_t offset) {
    const auto* const from = static_cast<const char*>(bytes);
    return wrote_all(move_all(size,
                              [=](std::size_t done) {
                                  return ::pwrite(fd, from + done, size - done,
                                                  offset + static_cast<off_t>(done));
                              }),
                     size);
}

}  // namespace together
