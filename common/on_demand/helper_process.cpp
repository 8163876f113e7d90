// SPDX-License-Identifier: Apache-2.0
#include "common/on_demand/helper_process.h"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "common/system/blocked_signals.h"
#include "common/system/errno_text.h"
#include "common/system/io.h"

// Through syscall(2): EL 9's C library (2.34) wraps neither, Ubuntu 22.04's (2.35) not all.
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x00001000
#endif

namespace together {
namespace {

using namespace std::chrono_literals;

constexpr idtype_t wait_by_pidfd = static_cast<idtype_t>(3);  // P_PIDFD, Linux 5.4

struct Process {
    pid_t pid;
    int pidfd;
};

// fork(2) that returns the pidfd as well, so that no process that took over the pid can be meant.
// The child runs nothing but async-signal-safe calls: no C library handlers are needed.
Process fork_with_pidfd() {
    int pidfd = -1;
    const long pid = ::syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, nullptr, &pidfd, nullptr, nullptr);
    return {static_cast<pid_t>(pid), pidfd};
}

// Straight to the kernel: a function that somebody put before the C library's (a sanitizer, a
// preloaded library) may want a lock that another of the calling program's threads held at the
// fork.
[[noreturn]] void execute(const char* program, char* const* arguments, int pipe) {
    const int null = static_cast<int>(::syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR, 0));
    for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
        if (null != standard) ::syscall(SYS_dup3, null, standard, 0);
    if (pipe == helper_pipe)
        ::syscall(SYS_fcntl, pipe, F_SETFD, 0);
    else
        ::syscall(SYS_dup3, pipe, helper_pipe, 0);
    close_descriptors_from(helper_pipe + 1);
    char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
    char language[] = "LC_ALL=C";
    char* const environment[] = {path, language, nullptr};
    ::syscall(SYS_execve, program, arguments, environment);
    const int error = errno;
    // Only this writes four bytes and nothing else.
    ::syscall(SYS_write, helper_pipe, &error, sizeof error);
    ::_exit(127);
}

int milliseconds_until(Deadline deadline) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
}

}  // namespace

void close_descriptors_from(unsigned first) {
    if (::syscall(SYS_close_range, first, ~0U, 0U) == 0) return;
    // Before Linux 5.9. A limit of millions would take seconds; calling programs do not use as
    // many.
    const long most = std::clamp(::sysconf(_SC_OPEN_MAX), 1024L, 65'536L);
    for (long fd = first; fd < most; ++fd) ::close(static_cast<int>(fd));
}

Result<HelperProcess> HelperProcess::start(const std::string& program,
                                           const std::vector<std::string>& arguments) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return failure(errno_text("pipe", errno));
    FileDescriptor reading(ends[0]);
    const FileDescriptor writing(ends[1]);
    ::fcntl(reading.get(), F_SETFL, O_NONBLOCK);

    std::vector<char*> argv{const_cast<char*>(program.c_str())};
    for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);

    // The calling program's handlers must not run in the child before it executes: their state is
    // the calling program's.
    const BlockedSignals blocked;
    const Process child = fork_with_pidfd();
    if (child.pid < 0) return failure(errno_text("fork", errno));
    if (child.pid == 0) execute(program.c_str(), argv.data(), writing.get());
    return HelperProcess(child.pid, FileDescriptor(child.pidfd), std::move(reading));
}

HelperProcess::HelperProcess(HelperProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      pidfd_(std::move(other.pidfd_)),
      pipe_(std::move(other.pipe_)),
      exec_error_(other.exec_error_),
      received_(other.received_) {}

HelperProcess::~HelperProcess() {
    if (pid_ < 0) return;
    if (!has_ended()) kill();
    // A killed process ends within a moment, unless it hangs in the kernel: then the calling
    // program reaps it, or init does.
    const Deadline patience = std::chrono::steady_clock::now() + 100ms;
    if (pidfd_) {
        pollfd ended{pidfd_.get(), POLLIN, 0};
        while (::poll(&ended, 1, milliseconds_until(patience)) < 0 && errno == EINTR) continue;
        siginfo_t info{};
        if (::waitid(wait_by_pidfd, static_cast<id_t>(pidfd_.get()), &info, WEXITED | WNOHANG) ==
                0 ||
            errno != EINVAL)
            return;
    }
    while (::waitpid(pid_, nullptr, WNOHANG) == 0 && std::chrono::steady_clock::now() < patience)
        ::poll(nullptr, 0, 1);
}

HelperProcess::End HelperProcess::wait(Deadline deadline) {
    std::array<pollfd, 2> events = {pollfd{pipe_.get(), POLLIN, 0},
                                    pollfd{pidfd_.get(), POLLIN, 0}};
    while (true) {
        const int left = milliseconds_until(deadline);
        if (left == 0) return End::deadline;
        if (::poll(events.data(), events.size(), left) < 0 && errno != EINTR) return End::deadline;
        const bool ended = pidfd_ && (events[1].revents & POLLIN) != 0;
        if (events[0].fd >= 0 && (events[0].revents != 0 || ended) && !drain_pipe()) {
            // Without a pidfd the pipe's end is all we see. With one, a helper that closed its pipe
            // and goes on is still waited for.
            if (!pidfd_) return exec_error_ != 0 ? End::not_executed : End::exited;
            events[0].fd = -1;
        }
        if (ended) return exec_error_ != 0 ? End::not_executed : End::exited;
    }
}

// Reads a bounded piece, so that a helper that floods the pipe cannot hold us past the deadline.
// False at its end.
bool HelperProcess::drain_pipe() {
    std::array<char, 4096> buffer;
    const auto got = read_some(pipe_.get(), buffer.data(), buffer.size());
    if (got < 0) return errno == EAGAIN;
    if (got == 0) return false;
    if (received_ == 0 && got == sizeof exec_error_)
        std::memcpy(&exec_error_, buffer.data(), sizeof exec_error_);
    else
        exec_error_ = 0;
    received_ += static_cast<std::size_t>(got);
    return true;
}

bool HelperProcess::has_ended() const {
    if (!pidfd_) return ::kill(pid_, 0) != 0;
    pollfd ended{pidfd_.get(), POLLIN, 0};
    return ::poll(&ended, 1, 0) == 1;
}

void HelperProcess::kill() const {
    if (!pidfd_)
        ::kill(pid_, SIGKILL);
    else
        ::syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0U);
}

}  // namespace together
