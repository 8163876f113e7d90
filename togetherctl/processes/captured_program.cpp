// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/processes/captured_program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "common/on_demand/helper_process.h"
#include "common/system/errno_text.h"
#include "common/system/file_descriptor.h"
#include "togetherctl/cli/printable.h"

namespace together::ctl {
namespace {

using namespace together;
using Clock = std::chrono::steady_clock;

constexpr std::size_t most = std::size_t{16} * 1024 * 1024;

struct Pipe {
    FileDescriptor reading;
    FileDescriptor writing;

    static Result<Pipe> make() {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) return failure(errno_text("pipe", errno));
        return Pipe{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
    }
};

// Async-signal-safe.
[[noreturn]] void execute(const char* program, char* const* arguments, char* variable, int out,
                          int err) {
    const int null = ::open("/dev/null", O_RDONLY);
    if (null < 0 || ::dup2(null, STDIN_FILENO) < 0 || ::dup2(out, STDOUT_FILENO) < 0 ||
        ::dup2(err, STDERR_FILENO) < 0)
        ::_exit(127);
    close_descriptors_from(STDERR_FILENO + 1);
    char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
    char language[] = "LC_ALL=C";
    char* const environment[] = {path, language, variable, nullptr};
    ::execve(program, arguments, environment);
    ::_exit(127);
}

// False at its end.
bool take(int fd, std::string& text) {
    std::array<char, 65536> buffer;
    const auto got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0) return errno == EINTR;
    text.append(buffer.data(), static_cast<std::size_t>(got));
    return got > 0;
}

// True where both ended before the deadline.
bool read_both(int out, std::string& output, int err, std::string& complaint,
               Clock::time_point deadline) {
    std::array<pollfd, 2> events = {pollfd{out, POLLIN, 0}, pollfd{err, POLLIN, 0}};
    while (events[0].fd >= 0 || events[1].fd >= 0) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
        if (left <= 0 || output.size() + complaint.size() > most) return false;
        if (::poll(events.data(), events.size(), static_cast<int>(left)) < 0 && errno != EINTR)
            return false;
        if (events[0].revents != 0 && !take(out, output)) events[0].fd = -1;
        if (events[1].revents != 0 && !take(err, complaint)) events[1].fd = -1;
    }
    return true;
}

bool is_roots_program(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == 0 &&
           (status.st_mode & (S_IWGRP | S_IWOTH)) == 0 && (status.st_mode & S_IXUSR) != 0;
}

}  // namespace

Result<std::string> output_of(const std::string& program, const std::vector<std::string>& arguments,
                              std::chrono::seconds patience, const std::string& variable) {
    char* const added = variable.empty() ? nullptr : const_cast<char*>(variable.c_str());
    std::vector<char*> argv{const_cast<char*>(program.c_str())};
    for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    auto out = Pipe::make();
    auto err = Pipe::make();
    if (!out || !err) return tl::make_unexpected((out ? err : out).error());
    static_cast<void>(::signal(SIGCHLD, SIG_DFL));
    const pid_t child = ::fork();
    if (child < 0) return failure(errno_text("fork", errno));
    if (child == 0)
        execute(program.c_str(), argv.data(), added, out->writing.get(), err->writing.get());
    out->writing.reset();
    err->writing.reset();
    std::string output;
    std::string complaint;
    const bool ended = read_both(out->reading.get(), output, err->reading.get(), complaint,
                                 Clock::now() + patience);
    if (!ended) ::kill(child, SIGKILL);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0)
        if (errno != EINTR) return failure(errno_text("waitpid", errno));
    if (!ended)
        return failure(program + " did not end within " + std::to_string(patience.count()) + " s");
    if (status == 0) return output;
    const auto first = complaint.substr(0, complaint.find_first_of("\r\n"));
    return failure(program + " failed" + (first.empty() ? "" : ": " + printable(first)));
}

std::string first_program(const std::vector<std::string>& paths) {
    const auto found = std::find_if(paths.begin(), paths.end(), is_roots_program);
    return found == paths.end() ? "" : *found;
}

std::string slurm_program(const std::string& name) {
    return first_program({"/usr/bin/" + name, "/usr/local/bin/" + name, "/opt/slurm/bin/" + name,
                          "/usr/local/slurm/bin/" + name});
}

}  // namespace together::ctl
