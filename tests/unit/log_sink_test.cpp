// SPDX-License-Identifier: Apache-2.0
// Where log lines go, with real sockets, pipes and files; never blocking, never fatal.
#include "common/system/log_sink.h"

#include <CppUTest/TestHarness.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <chrono>
#include <cstring>

#include "common/system/file_descriptor.h"
#include "common/system/utc.h"
#include "tests/unit/support/files.h"
#include "tests/unit/support/processes.h"
#include "tests/unit/support/temporary_directory.h"
#include "tests/unit/support/texts.h"

using namespace together;

TEST_GROUP(log_sink) {
    TemporaryDirectory directory;
    LogPaths paths;
    FileDescriptor reader;

    void setup() override {
        paths.socket = directory / "log";
        paths.fallback = directory / "decisions.log";
        paths.dropped = directory / "dropped";
    }
    void listen() {
        reader = FileDescriptor(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, paths.socket.data(), paths.socket.size());
        CHECK_EQUAL(
            0, ::bind(reader.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address));
    }
    std::string received() const {
        char buffer[65536];
        const auto got = ::recv(reader.get(), buffer, sizeof buffer, 0);
        return got < 0 ? std::string("nothing") : std::string(buffer, static_cast<size_t>(got));
    }
    void send(const std::string& line = "verdict=deny", bool stderr_is_a_log = false) const {
        send_log_line(LogLevel::notice, "pam_together", line, stderr_is_a_log, paths);
    }
    static std::string tag() {
        return "pam_together[" + std::to_string(::getpid()) + "]: ";
    }
    // Sends in a process whose stderr is `fd`.
    bool send_with_stderr(int fd, const std::string& line = "verdict=deny") const {
        return holds_in_a_child([&] {
            ::dup2(fd, STDERR_FILENO);
            send(line, true);
            return true;
        });
    }
};

TEST(log_sink, sends_one_datagram_to_the_log) {
    listen();
    send();
    // authpriv (10) * 8 + notice (5)
    TEXT_EQUAL("<85>" + tag() + "verdict=deny", received());
    TEXT_EQUAL("nothing", received());
    CHECK_FALSE(exists(paths.fallback));
    CHECK_FALSE(exists(paths.dropped));
}

TEST(log_sink, sends_the_severity) {
    listen();
    send_log_line(LogLevel::warning, "x", "y", false, paths);
    TEXT_CONTAINS("<84>x[", received());
    send_log_line(LogLevel::info, "x", "y", false, paths);
    TEXT_CONTAINS("<86>x[", received());
}

TEST(log_sink, drops_and_counts_when_the_queue_is_full_without_blocking) {
    listen();
    const auto start = std::chrono::steady_clock::now();
    int sent = 0;
    for (; sent < 5000 && !exists(paths.dropped); ++sent) send();
    CHECK_TRUE(exists(paths.dropped));
    send();
    send();
    LONGS_EQUAL(3, std::filesystem::file_size(paths.dropped));
    CHECK_FALSE(exists(paths.fallback));
    CHECK_TRUE(std::chrono::steady_clock::now() - start < std::chrono::seconds(5));
    int delivered = 0;
    while (received() != "nothing") ++delivered;
    LONGS_EQUAL(sent - 1, delivered);
    send();
    TEXT_EQUAL("<85>" + tag() + "verdict=deny", received());
}

TEST(log_sink, appends_to_a_file_where_there_is_no_log) {
    send("first");
    send("second");
    const auto text = read_file(paths.fallback);
    const auto first_line = text.substr(0, text.find('\n'));
    CHECK_TRUE(parse_utc(first_line.substr(0, 20)).has_value());
    TEXT_EQUAL(" " + tag() + "first", first_line.substr(20));
    CHECK_TRUE(text.ends_with("Z " + tag() + "second\n"));
    CHECK_FALSE(exists(paths.dropped));
}

TEST(log_sink, shows_the_file_to_root_and_its_group_alone) {
    const auto before = ::umask(0);
    send();
    ::umask(before);
    LONGS_EQUAL(0640, std::filesystem::status(paths.fallback).permissions());
}

TEST(log_sink, appends_to_a_file_where_nobody_reads_the_log) {
    listen();
    reader.reset();
    send();
    TEXT_CONTAINS(tag() + "verdict=deny\n", read_file(paths.fallback));
}

TEST(log_sink, appends_to_a_file_where_the_log_is_no_socket) {
    write_file(paths.socket, "");
    send();
    TEXT_CONTAINS("verdict=deny\n", read_file(paths.fallback));
    TEXT_EQUAL("", read_file(paths.socket));
}

TEST(log_sink, writes_through_no_link) {
    write_file(directory / "victim", "untouched");
    std::filesystem::create_symlink(directory / "victim", paths.fallback);
    send();
    TEXT_EQUAL("untouched", read_file(directory / "victim"));
}

TEST(log_sink, waits_for_nobody_where_the_file_is_a_fifo) {
    CHECK_EQUAL(0, ::mkfifo(paths.fallback.c_str(), 0600));
    send();
}

TEST(log_sink, does_no_harm_where_there_is_nowhere_to_write) {
    paths.fallback = directory / "none/decisions.log";
    paths.dropped = directory / "none/dropped";
    send();
    CHECK_FALSE(exists(directory / "none"));
}

TEST(log_sink, gives_a_line_that_is_too_long_for_a_datagram_to_the_file) {
    listen();
    const std::string longest(1'000'000, 'x');
    send(longest);
    TEXT_EQUAL("nothing", received());
    TEXT_CONTAINS(longest, read_file(paths.fallback));
}

TEST(log_sink, writes_to_the_hosts_stderr_where_that_is_a_file) {
    const FileDescriptor file(
        ::open((directory / "stderr").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    CHECK_TRUE(send_with_stderr(file.get()));
    const auto text = read_file(directory / "stderr");
    CHECK_TRUE(text.starts_with("pam_together[") && text.ends_with("]: verdict=deny\n"));
    CHECK_FALSE(exists(paths.fallback));
}

TEST(log_sink, writes_to_the_hosts_stderr_where_that_is_a_pipe) {
    int ends[2];
    CHECK_EQUAL(0, ::pipe2(ends, O_CLOEXEC));
    const FileDescriptor reading(ends[0]);
    const FileDescriptor writing(ends[1]);
    CHECK_TRUE(send_with_stderr(writing.get()));
    char buffer[256];
    const auto got = ::read(reading.get(), buffer, sizeof buffer);
    CHECK_TRUE(std::string(buffer, static_cast<size_t>(got)).ends_with("]: verdict=deny\n"));
    CHECK_FALSE(exists(paths.fallback));
}

TEST(log_sink, cuts_a_line_that_a_pipe_would_not_take_at_once) {
    int ends[2];
    CHECK_EQUAL(0, ::pipe2(ends, O_CLOEXEC));
    const FileDescriptor reading(ends[0]);
    const FileDescriptor writing(ends[1]);
    CHECK_TRUE(send_with_stderr(writing.get(), std::string(100'000, 'x')));
    char buffer[8192];
    const auto got = ::read(reading.get(), buffer, sizeof buffer);
    LONGS_EQUAL(4096, got);
    CHECK_TRUE(buffer[4095] == '\n');
}

TEST(log_sink, prefers_the_log_to_the_hosts_stderr) {
    listen();
    const FileDescriptor file(
        ::open((directory / "stderr").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    CHECK_TRUE(send_with_stderr(file.get()));
    TEXT_CONTAINS("verdict=deny", received());
    TEXT_EQUAL("", read_file(directory / "stderr"));
}

TEST(log_sink, leaves_the_stderr_of_sudo_alone) {
    const FileDescriptor file(
        ::open((directory / "stderr").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    CHECK_TRUE(holds_in_a_child([&] {
        ::dup2(file.get(), STDERR_FILENO);
        send("verdict=deny", false);
        return true;
    }));
    TEXT_EQUAL("", read_file(directory / "stderr"));
    TEXT_CONTAINS("verdict=deny\n", read_file(paths.fallback));
}

TEST(log_sink, takes_dev_null_and_a_closed_stderr_for_no_log) {
    const FileDescriptor null(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    CHECK_TRUE(send_with_stderr(null.get(), "one"));
    CHECK_TRUE(holds_in_a_child([&] {
        ::close(STDERR_FILENO);
        send("two", true);
        // Nothing of ours has become the calling program's stderr.
        return ::fcntl(STDERR_FILENO, F_GETFD) == -1;
    }));
    TEXT_CONTAINS("one\n", read_file(paths.fallback));
    TEXT_CONTAINS("two\n", read_file(paths.fallback));
}

TEST(log_sink, takes_a_terminal_for_no_log) {
    const FileDescriptor terminal(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    CHECK_EQUAL(0, ::grantpt(terminal.get()));
    CHECK_EQUAL(0, ::unlockpt(terminal.get()));
    const FileDescriptor other(::open(::ptsname(terminal.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
    CHECK_TRUE(send_with_stderr(other.get()));
    TEXT_CONTAINS("verdict=deny\n", read_file(paths.fallback));
}

TEST(log_sink, does_not_wait_where_the_pipe_of_stderr_is_full) {
    int ends[2];
    CHECK_EQUAL(0, ::pipe2(ends, O_CLOEXEC | O_NONBLOCK));
    const FileDescriptor reading(ends[0]);
    const FileDescriptor writing(ends[1]);
    const std::string block(4096, 'x');
    while (::write(writing.get(), block.data(), block.size()) > 0) continue;
    ::fcntl(writing.get(), F_SETFL, 0);  // blocking, as a calling program's stderr is
    CHECK_TRUE(send_with_stderr(writing.get()));
    TEXT_CONTAINS("verdict=deny\n", read_file(paths.fallback));
}

// SIGPIPE would end sshd because of a log line.
TEST(log_sink, does_not_kill_its_host_where_nobody_reads_stderr) {
    int ends[2];
    CHECK_EQUAL(0, ::pipe2(ends, O_CLOEXEC));
    ::close(ends[0]);
    const FileDescriptor writing(ends[1]);
    CHECK_TRUE(holds_in_a_child([&] {
        ::signal(SIGPIPE, SIG_DFL);
        ::dup2(writing.get(), STDERR_FILENO);
        send("verdict=deny", true);
        return true;
    }));
    TEXT_CONTAINS("verdict=deny\n", read_file(paths.fallback));
}

TEST(log_sink, leaves_a_sigpipe_of_its_hosts_own_pending) {
    int ends[2];
    CHECK_EQUAL(0, ::pipe2(ends, O_CLOEXEC));
    ::close(ends[0]);
    const FileDescriptor writing(ends[1]);
    CHECK_TRUE(holds_in_a_child([&] {
        sigset_t broken_pipe;
        sigset_t pending;
        ::sigemptyset(&broken_pipe);
        ::sigaddset(&broken_pipe, SIGPIPE);
        ::sigprocmask(SIG_BLOCK, &broken_pipe, nullptr);
        ::raise(SIGPIPE);
        ::dup2(writing.get(), STDERR_FILENO);
        send("verdict=deny", true);
        ::sigpending(&pending);
        return ::sigismember(&pending, SIGPIPE) == 1;
    }));
}

TEST(log_sink, does_not_kill_its_host_where_the_socket_of_stderr_was_closed) {
    int ends[2];
    CHECK_EQUAL(0, ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
    ::close(ends[0]);
    const FileDescriptor writing(ends[1]);
    CHECK_TRUE(holds_in_a_child([&] {
        ::signal(SIGPIPE, SIG_DFL);
        ::dup2(writing.get(), STDERR_FILENO);
        send("verdict=deny", true);
        return true;
    }));
    TEXT_CONTAINS("verdict=deny\n", read_file(paths.fallback));
}
