// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/processes/child_program.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "common/on_demand/helper_process.h"
#include "common/system/errno_text.h"
#include "common/system/file_descriptor.h"

namespace together::ctl {
namespace {

using namespace together;

constexpr std::size_t max_output = std::size_t{1024} * 1024;

// Async-signal-safe. A failed execve is told on the pipe, which a successful one closes.
[[noreturn]] void execute(const char* program, char* const* arguments, int output, int error_pipe) {
    if (output >= 0) ::dup2(output, STDOUT_FILENO);
    ::dup2(error_pipe, 3);
    ::fcntl(3, F_SETFD, FD_CLOEXEC);
    close_descriptors_from(4);
    char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
    char language[] = "LC_ALL=C";
    char* const environment[] = {path, language, nullptr};
    ::execve(program, arguments, environment);
    const int error = errno;
    [[maybe_unused]] const auto written = ::write(3, &error, sizeof error);
    ::_exit(127);
}

struct Pipe {
    FileDescriptor reading;
    FileDescriptor writing;
};

Result<Pipe> make_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return failure(errno_text("pipe", errno));
    return Pipe{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

// A program that was started, or the reason why it was not.
struct Started {
    pid_t pid;
    FileDescriptor errors;
};

// `output`: what becomes its stdout; -1: ours.
Result<Started> start(const std::string& program, const std::vector<std::string>& arguments,
                      int output) {
    std::vector<char*> argv{const_cast<char*>(program.c_str())};
    for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    auto errors = make_pipe();
    if (!errors) return tl::make_unexpected(errors.error());
    static_cast<void>(::signal(
        SIGCHLD, SIG_DFL));  // ignored, as some hosts leave it, it would take the status away
    const pid_t child = ::fork();
    if (child < 0) return failure(errno_text("fork", errno));
    if (child == 0) execute(program.c_str(), argv.data(), output, errors->writing.get());
    return Started{child, std::move(errors->reading)};
}

Result<int> end_of(const Started& started, const std::string& program) {
    int error = 0;
    if (::read(started.errors.get(), &error, sizeof error) != sizeof error) error = 0;
    int status = 0;
    while (::waitpid(started.pid, &status, 0) < 0)
        if (errno != EINTR) return failure(errno_text("waitpid", errno));
    if (error != 0) return failure(errno_text("cannot execute " + program, error));
    if (WIFSIGNALED(status))
        return failure(program + " was killed by signal " + std::to_string(WTERMSIG(status)));
    return WEXITSTATUS(status);
}

// To its end, so that the writer never hangs; what is too much is dropped.
std::string read_all(int fd) {
    std::string text;
    std::array<char, std::size_t{16} * 1024> buffer;
    while (true) {
        const auto got = ::read(fd, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return text;
        text.append(buffer.data(),
                    std::min(static_cast<std::size_t>(got), max_output - text.size()));
    }
}

}  // namespace

Result<int> run_program(const std::string& program, const std::vector<std::string>& arguments,
                        ChildOutput output) {
    const auto started =
        start(program, arguments, output == ChildOutput::all_to_stderr ? STDERR_FILENO : -1);
    if (!started) return tl::make_unexpected(started.error());
    return end_of(*started, program);
}

Result<CapturedRun> run_and_read(const std::string& program,
                                 const std::vector<std::string>& arguments) {
    auto output = make_pipe();
    if (!output) return tl::make_unexpected(output.error());
    const auto started = start(program, arguments, output->writing.get());
    if (!started) return tl::make_unexpected(started.error());
    output->writing.reset();
    CapturedRun run;
    run.output = read_all(output->reading.get());
    const auto status = end_of(*started, program);
    if (!status) return tl::make_unexpected(status.error());
    run.status = *status;
    return run;
}

}  // namespace together::ctl
