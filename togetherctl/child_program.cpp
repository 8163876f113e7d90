#include "child_program.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "file_descriptor.h"
#include "helper_process.h"
#include "trusted_file.h"

namespace togetherctl {
namespace {

using namespace together;

// Async-signal-safe. A failed execve is told on the pipe, which a successful one closes.
[[noreturn]] void execute(const char* program, char* const* arguments, ChildOutput output,
                          int error_pipe) {
    if (output == ChildOutput::all_to_stderr) ::dup2(STDERR_FILENO, STDOUT_FILENO);
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

}  // namespace

Result<int> run_program(const std::string& program, const std::vector<std::string>& arguments,
                        ChildOutput output) {
    std::vector<char*> argv{const_cast<char*>(program.c_str())};
    for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return failure(system_error_text("pipe", errno));
    const FileDescriptor reading(ends[0]);
    FileDescriptor writing(ends[1]);
    static_cast<void>(::signal(
        SIGCHLD, SIG_DFL));  // ignored, as some hosts leave it, it would take the status away
    const pid_t child = ::fork();
    if (child < 0) return failure(system_error_text("fork", errno));
    if (child == 0) execute(program.c_str(), argv.data(), output, writing.get());
    writing.reset();
    int error = 0;
    if (::read(reading.get(), &error, sizeof error) != sizeof error) error = 0;
    int status = 0;
    while (::waitpid(child, &status, 0) < 0)
        if (errno != EINTR) return failure(system_error_text("waitpid", errno));
    if (error != 0) return failure(system_error_text("cannot execute " + program, error));
    if (WIFSIGNALED(status))
        return failure(program + " was killed by signal " + std::to_string(WTERMSIG(status)));
    return WEXITSTATUS(status);
}

}  // namespace togetherctl
