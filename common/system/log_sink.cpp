// SPDX-License-Identifier: Apache-2.0
#include "common/system/log_sink.h"

#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>

#include "common/system/file_descriptor.h"
#include "common/system/utc.h"

namespace together {
namespace {

constexpr int facility_authpriv = 10;

std::string tagged(std::string_view ident, std::string_view line) {
    std::string text(ident);
    text += "[" + std::to_string(::getpid()) + "]: ";
    text += line;
    return text;
}

// A file or pipe that collects stderr, as with `sshd -D -e` in a container: neither /dev/null
// (where a daemon's stderr usually leads) nor somebody's terminal.
bool stderr_reaches_a_log() {
    struct stat status {};
    if (::fstat(STDERR_FILENO, &status) != 0 || ::isatty(STDERR_FILENO) != 0) return false;
    const bool is_dev_null =
        S_ISCHR(status.st_mode) && major(status.st_rdev) == 1 && minor(status.st_rdev) == 3;
    return !is_dev_null;
}

// Where the reader has gone, EPIPE is enough: SIGPIPE would end the calling program.
bool write_without_signal(int fd, std::string_view text) {
    sigset_t broken_pipe;
    sigset_t before;
    sigset_t pending;
    ::sigemptyset(&broken_pipe);
    ::sigaddset(&broken_pipe, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &broken_pipe, &before);
    ::sigpending(&pending);
    const bool wrote = ::write(fd, text.data(), text.size()) >= 0;
    if (!wrote && errno == EPIPE && ::sigismember(&pending, SIGPIPE) == 0) {
        const timespec at_once{};
        ::sigtimedwait(&broken_pipe, nullptr, &at_once);
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return wrote;
}

bool write_without_blocking(int fd, std::string line) {
    pollfd writable{fd, POLLOUT, 0};
    if (::poll(&writable, 1, 0) != 1 || (writable.revents & POLLOUT) == 0) return false;
    // A pipe that is writable takes PIPE_BUF bytes at once, pipe(7).
    constexpr std::size_t max_line = 4096 - 1;
    if (line.size() > max_line) line.resize(max_line);
    return write_without_signal(fd, line + "\n");
}

bool append(const std::string& path, std::string_view text) {
    const FileDescriptor file(::open(
        path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0640));
    return file && ::write(file.get(), text.data(), text.size()) >= 0;
}

std::string now_in_utc() {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return format_utc(std::int64_t{now.tv_sec} * 1'000'000'000);
}

}  // namespace

void send_log_line(LogLevel level, std::string_view ident, std::string_view line,
                   bool stderr_is_a_log, const LogPaths& paths, const DatagramSocket& socket) {
    const std::string text = tagged(ident, line);
    const int priority = facility_authpriv * 8 + static_cast<int>(level);
    switch (socket.send(paths.socket, "<" + std::to_string(priority) + ">" + text)) {
        case Sent::yes:
            return;
        case Sent::queue_full:
            append(paths.dropped, ".");
            return;
        case Sent::nobody_there:
            break;
    }
    if (stderr_is_a_log && stderr_reaches_a_log() && write_without_blocking(STDERR_FILENO, text))
        return;
    append(paths.fallback, now_in_utc() + " " + text + "\n");
}

}  // namespace together
