// SPDX-License-Identifier: Apache-2.0
#include "processes/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>

#include "common/system/errno_text.h"
#include "common/system/file_descriptor.h"
#include "common/system/io.h"

namespace together {
namespace {

using Clock = std::chrono::steady_clock;

struct Pipe {
    FileDescriptor reading;
    FileDescriptor writing;
};

Result<std::vector<Pipe>> make_pipes(std::size_t number) {
    std::vector<Pipe> pipes;
    for (; number > 0; --number) {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) return failure(errno_text("pipe", errno));
        pipes.push_back({FileDescriptor(ends[0]), FileDescriptor(ends[1])});
    }
    return pipes;
}

// For poll(2): -1 where there is no deadline.
int milliseconds_until(std::optional<Clock::time_point> deadline) {
    if (!deadline) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - Clock::now());
    return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
}

std::size_t size_of(const std::vector<std::string>& texts) {
    std::size_t size = 0;
    for (const auto& text : texts) size += text.size();
    return size;
}

// False at its end.
bool take(int fd, std::string& text) {
    std::array<char, std::size_t{64} * 1024> buffer;
    const auto got = read_some(fd, buffer.data(), buffer.size());
    if (got > 0) text.append(buffer.data(), static_cast<std::size_t>(got));
    return got > 0;
}

ChildRun::End read_to_end(const std::vector<Pipe>& pipes, std::vector<std::string>& output,
                          std::optional<Clock::time_point> deadline, std::size_t most) {
    std::vector<pollfd> events;
    for (const auto& pipe : pipes) events.push_back({pipe.reading.get(), POLLIN, 0});
    const auto is_open = [](const pollfd& event) { return event.fd >= 0; };
    while (std::any_of(events.begin(), events.end(), is_open)) {
        const int left = milliseconds_until(deadline);
        if (left == 0) return ChildRun::End::out_of_time;
        if (size_of(output) > most) return ChildRun::End::wrote_too_much;
        if (::poll(events.data(), events.size(), left) <= 0) continue;
        for (std::size_t i = 0; i < events.size(); ++i)
            if (events[i].revents != 0 && !take(events[i].fd, output[i])) events[i].fd = -1;
    }
    return ChildRun::End::by_itself;
}

// One that closed its pipes may go on all the same.
bool ends_before(pid_t child, std::optional<Clock::time_point> deadline) {
    siginfo_t end{};
    while (deadline && Clock::now() < *deadline) {
        if (::waitid(P_PID, static_cast<id_t>(child), &end, WEXITED | WNOHANG | WNOWAIT) != 0 ||
            end.si_pid == child)
            return true;
        ::poll(nullptr, 0, 1);
    }
    return !deadline;
}

[[noreturn]] void run_in_child(const std::vector<Pipe>& pipes, const ChildBody& body) {
    std::vector<int> writing;
    for (const auto& pipe : pipes) writing.push_back(pipe.writing.get());
    ::_exit(body(writing));
}

}  // namespace

Result<ChildRun> run_child(std::size_t number, const ChildLimits& limits, const ChildBody& body) {
    auto pipes = make_pipes(number);
    if (!pipes) return tl::make_unexpected(pipes.error());
    std::optional<Clock::time_point> deadline;
    if (limits.patience) deadline = Clock::now() + *limits.patience;
    // Ignored, as some calling programs leave it, it would take the status away.
    static_cast<void>(::signal(SIGCHLD, SIG_DFL));
    const pid_t child = ::fork();
    if (child < 0) return failure(errno_text("fork", errno));
    if (child == 0) run_in_child(*pipes, body);
    for (auto& pipe : *pipes) pipe.writing.reset();
    ChildRun run;
    run.output.resize(number);
    run.end = read_to_end(*pipes, run.output, deadline, limits.max_output);
    if (run.end == ChildRun::End::by_itself && !ends_before(child, deadline))
        run.end = ChildRun::End::out_of_time;
    if (run.end != ChildRun::End::by_itself) ::kill(child, SIGKILL);
    while (::waitpid(child, &run.status, 0) < 0)
        if (errno != EINTR) return failure(errno_text("waitpid", errno));
    return run;
}

}  // namespace together
