// SPDX-License-Identifier: Apache-2.0
#include "processes/run_program.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "cli/printable.h"
#include "common/on_demand/helper_process.h"
#include "common/system/errno_text.h"
#include "common/system/file_descriptor.h"
#include "common/system/io.h"
#include "processes/child.h"

namespace together {
namespace {

constexpr std::size_t mebibyte = std::size_t{1024} * 1024;

// Which descriptors of ours become its own.
struct Streams {
    int in = STDIN_FILENO;
    int out = STDOUT_FILENO;
    int err = STDERR_FILENO;
};
constexpr int dev_null = -1;

struct Call {
    const std::string& program;
    const std::vector<std::string>& arguments;
    std::string variable;
    char* const* environment = nullptr;  // in place of the fixed one
};

bool put(int from, int at) {
    return from == at || ::dup2(from, at) >= 0;
}

// Async-signal-safe. A failed execve is told on the pipe, which a successful one closes.
void execute(const char* program, char* const* arguments, char* const* environment, Streams streams,
             int errors) {
    constexpr int last = STDERR_FILENO + 1;
    if (streams.in == dev_null) streams.in = ::open("/dev/null", O_RDONLY);
    const bool ready = put(streams.in, STDIN_FILENO) && put(streams.out, STDOUT_FILENO) &&
                       put(streams.err, STDERR_FILENO) && put(errors, last);
    if (ready) {
        ::fcntl(last, F_SETFD, FD_CLOEXEC);
        close_descriptors_from(last + 1);
        ::execve(program, arguments, environment);
    }
    const int error = errno;
    static_cast<void>(write_full(ready ? last : errors, &error, sizeof error));
}

// The last of the pipes is for errors.
ChildBody body_of(const Call& call,
                  const std::function<Streams(const std::vector<int>&)>& streams) {
    return [&call, streams](const std::vector<int>& pipes) {
        std::vector<char*> arguments{const_cast<char*>(call.program.c_str())};
        for (const auto& argument : call.arguments)
            arguments.push_back(const_cast<char*>(argument.c_str()));
        arguments.push_back(nullptr);
        char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
        char language[] = "LC_ALL=C";
        char* const added =
            call.variable.empty() ? nullptr : const_cast<char*>(call.variable.c_str());
        char* const environment[] = {path, language, added, nullptr};
        execute(call.program.c_str(), arguments.data(),
                call.environment == nullptr ? environment : call.environment, streams(pipes),
                pipes.back());
        return 127;
    };
}

int error_in(const std::string& text) {
    int error = 0;
    if (text.size() == sizeof error) std::memcpy(&error, text.data(), sizeof error);
    return error;
}

// Runs it with `pipes` of its own, as many outputs as there are in what it returns.
Result<ChildRun> run(const Call& call, std::size_t pipes, const ChildLimits& limits,
                     const std::function<Streams(const std::vector<int>&)>& streams) {
    auto done = run_child(pipes + 1, limits, body_of(call, streams));
    if (!done) return done;
    if (const int error = error_in(done->output.back()); error != 0)
        return failure(errno_text("cannot execute " + call.program, error));
    if (done->end == ChildRun::End::out_of_time)
        return failure(call.program + " did not end within " +
                       std::to_string(limits.patience->count() / 1000) + " s");
    if (done->end == ChildRun::End::wrote_too_much)
        return failure(call.program + " wrote more than " +
                       std::to_string(limits.max_output / mebibyte) + " MiB");
    if (WIFSIGNALED(done->status))
        return failure(call.program + " was killed by signal " +
                       std::to_string(WTERMSIG(done->status)));
    return done;
}

std::string first_line(const std::string& text) {
    return text.substr(0, text.find_first_of("\r\n"));
}

std::string last_line(const std::string& text) {
    const auto end = text.find_last_not_of("\r\n");
    if (end == text.npos) return {};
    const auto before = text.find_last_of("\r\n", end);
    const auto begin = before == text.npos ? 0 : before + 1;
    return text.substr(begin, end + 1 - begin);
}

// Where it ended with 0.
Result<std::string> what_it_wrote(const std::string& program, Result<ChildRun> done,
                                  std::string (&why)(const std::string& complaint)) {
    if (!done) return tl::make_unexpected(done.error());
    if (done->status == 0) return std::move(done->output[0]);
    const auto line = why(done->output[1]);
    return failure(program + " failed" + (line.empty() ? "" : ": " + printable(line)));
}

}  // namespace

Result<int> run_program(const std::string& program, const std::vector<std::string>& arguments,
                        ChildOutput output) {
    const int out = output == ChildOutput::all_to_stderr ? STDERR_FILENO : STDOUT_FILENO;
    const auto done =
        run({program, arguments, {}}, 0, {}, [out](const auto&) { return Streams{.out = out}; });
    if (!done) return tl::make_unexpected(done.error());
    return WEXITSTATUS(done->status);
}

Result<CapturedRun> run_and_read(const std::string& program,
                                 const std::vector<std::string>& arguments) {
    auto done = run({program, arguments, {}}, 1, {},
                    [](const auto& pipes) { return Streams{.out = pipes[0]}; });
    if (!done) return tl::make_unexpected(done.error());
    return CapturedRun{WEXITSTATUS(done->status), std::move(done->output[0])};
}

Result<std::string> output_of(const std::string& program, const std::vector<std::string>& arguments,
                              std::chrono::seconds patience, const std::string& variable) {
    auto done =
        run({program, arguments, variable}, 2, {patience, 16 * mebibyte}, [](const auto& pipes) {
            return Streams{dev_null, pipes[0], pipes[1]};
        });
    return what_it_wrote(program, std::move(done), first_line);
}

Result<std::string> output_as_caller(const std::string& program,
                                     const std::vector<std::string>& arguments,
                                     std::chrono::seconds patience, std::string_view input) {
    const FileDescriptor file(::memfd_create("input", MFD_CLOEXEC));
    if (file.get() < 0 || !write_full(file.get(), input.data(), input.size()) ||
        ::lseek(file.get(), 0, SEEK_SET) != 0)
        return failure(errno_text("cannot keep the input of " + program, errno));
    const int in = file.get();
    auto done = run({program, arguments, {}, environ}, 2, {patience, 64 * mebibyte},
                    [in](const auto& pipes) {
                        return Streams{in, pipes[0], pipes[1]};
                    });
    return what_it_wrote(program, std::move(done), last_line);
}

}  // namespace together
