// SPDX-License-Identifier: Apache-2.0
// Real children, well-behaved and not, executed as a calling program would execute
// together-refresh.
#include "common/on_demand/helper_process.h"

#include <CppUTest/TestHarness.h>
#include <fcntl.h>
#include <signal.h>

#include "tests/unit/support/files.h"
#include "tests/unit/support/helpers.h"
#include "tests/unit/support/processes.h"
#include "tests/unit/support/temporary_directory.h"
#include "tests/unit/support/texts.h"

using namespace together;
using namespace std::chrono_literals;

namespace {

Deadline in(std::chrono::milliseconds duration) {
    return std::chrono::steady_clock::now() + duration;
}

}  // namespace

TEST_GROUP(helper_process) {
    TemporaryDirectory directory;
    std::string program;

    void setup() override {
        program = directory / "helper";
    }
    void teardown() override {
        CHECK_TRUE(no_child_is_left());
    }

    // Executes a script; its last words end up in the files that it writes.
    HelperProcess::End run_script(const std::string& script,
                                  std::chrono::milliseconds deadline = 30s) {
        make_script(program, script);
        return execute(deadline);
    }
    HelperProcess::End execute(std::chrono::milliseconds deadline = 30s,
                               int* exec_error = nullptr) {
        auto helper = HelperProcess::start(program, {"--one", "two words"});
        if (!helper) FAIL(helper.error().message.c_str());
        const auto end = helper->wait(in(deadline));
        if (exec_error != nullptr) *exec_error = helper->exec_error();
        return end;
    }
    void is_killed_at_the_deadline(const std::string& script) {
        CHECK_TRUE(takes(300ms, 500ms, [&] {
            CHECK_TRUE(run_script(script, 300ms) == HelperProcess::End::deadline);
            CHECK_TRUE(no_child_is_left());
        }));
    }
    std::string result() const {
        return read_file(directory / "result");
    }
};

TEST(helper_process, exits) {
    CHECK_TRUE(run_script("exit 0") == HelperProcess::End::exited);
    CHECK_TRUE(run_script("exit 75") == HelperProcess::End::exited);
    CHECK_TRUE(run_script("kill -9 $$") == HelperProcess::End::exited);
}

TEST(helper_process, is_waited_for) {
    CHECK_TRUE(run_script("sleep 0.05; echo done >" + (directory / "result")) ==
               HelperProcess::End::exited);
    TEXT_EQUAL("done\n", result());
}

TEST(helper_process, gets_its_arguments) {
    run_script("printf '%s|' \"$@\" >" + (directory / "result"));
    TEXT_EQUAL("--one|two words|", result());
}

TEST(helper_process, that_is_missing_cannot_be_executed) {
    int error = 0;
    CHECK_TRUE(takes(
        0ms, 200ms, [&] { CHECK_TRUE(execute(30s, &error) == HelperProcess::End::not_executed); }));
    LONGS_EQUAL(ENOENT, error);
}

TEST(helper_process, that_is_not_executable_cannot_be_executed) {
    int error = 0;
    write_file(program, "#!/bin/sh\n", 0644);
    CHECK_TRUE(execute(30s, &error) == HelperProcess::End::not_executed);
    LONGS_EQUAL(EACCES, error);
    write_file(program, "rubbish", 0755);
    CHECK_TRUE(execute(30s, &error) == HelperProcess::End::not_executed);
    LONGS_EQUAL(ENOEXEC, error);
    std::filesystem::remove(program);
    make_directory(program);
    CHECK_TRUE(execute(30s, &error) == HelperProcess::End::not_executed);
    LONGS_EQUAL(EACCES, error);
}

TEST(helper_process, is_searched_for_nowhere) {
    int error = 0;
    program = "true";
    CHECK_TRUE(execute(30s, &error) == HelperProcess::End::not_executed);
    LONGS_EQUAL(ENOENT, error);
}

TEST(helper_process, that_hangs_is_killed_at_the_deadline) {
    is_killed_at_the_deadline("exec sleep 60");
}

TEST(helper_process, that_ignores_signals_is_killed_at_the_deadline) {
    is_killed_at_the_deadline("trap '' TERM INT HUP QUIT PIPE\nexec sleep 60");
}

TEST(helper_process, that_stops_is_killed_at_the_deadline) {
    is_killed_at_the_deadline("kill -STOP $$");
}

TEST(helper_process, that_floods_its_pipe_is_killed_at_the_deadline) {
    is_killed_at_the_deadline("exec cat /dev/zero >&3");
}

TEST(helper_process, that_floods_its_pipe_and_exits_has_exited) {
    CHECK_TRUE(run_script("head -c 1000000 /dev/zero >&3") == HelperProcess::End::exited);
}

TEST(helper_process, that_closes_its_pipe_and_goes_on_is_waited_for) {
    CHECK_TRUE(run_script("exec 3>&-\nsleep 0.05\necho done >" + (directory / "result")) ==
               HelperProcess::End::exited);
    TEXT_EQUAL("done\n", result());
    is_killed_at_the_deadline("exec 3>&-\nexec sleep 60");
}

TEST(helper_process, whose_child_keeps_the_pipe_is_not_waited_for) {
    CHECK_TRUE(takes(0ms, 900ms, [&] {
        CHECK_TRUE(run_script("sleep 1 &\nexit 0") == HelperProcess::End::exited);
    }));
}

TEST(helper_process, is_killed_at_once_where_the_deadline_is_past) {
    make_script(program, "exec sleep 60");
    CHECK_TRUE(takes(0ms, 5s, [&] { CHECK_TRUE(execute(-1s) == HelperProcess::End::deadline); }));
}

TEST(helper_process, is_killed_where_nobody_waits_for_it) {
    make_script(program, "exec sleep 60");
    CHECK_TRUE(takes(0ms, 5s, [&] {
        { const auto helper = HelperProcess::start(program, {}); }
        CHECK_TRUE(no_child_is_left());
    }));
}

TEST(helper_process, that_moved_is_killed_once) {
    make_script(program, "exit 0");
    auto first = HelperProcess::start(program, {});
    HelperProcess second(*std::move(first));
    CHECK_TRUE(second.wait(in(30s)) == HelperProcess::End::exited);
}

TEST(helper_process, leaves_no_descriptor) {
    const auto before = open_descriptors();
    run_script("exit 0");
    run_script("exec sleep 60", 20ms);
    std::filesystem::remove(program);
    execute();
    CHECK_TRUE(open_descriptors() == before);
}

// Only the failed execution writes an error's four bytes and nothing else.
TEST(helper_process, that_begins_with_four_bytes_was_executed) {
    CHECK_TRUE(run_script("printf abcd >&3\nsleep 0.02\nprintf e >&3") ==
               HelperProcess::End::exited);
}

TEST(helper_process, leaves_the_signal_mask_as_it_was) {
    make_script(program, "exit 0");
    CHECK_TRUE(holds_in_a_child([&] {
        sigset_t mask;
        ::sigemptyset(&mask);
        ::sigaddset(&mask, SIGUSR1);
        ::pthread_sigmask(SIG_SETMASK, &mask, nullptr);
        execute();
        ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
        return ::sigismember(&mask, SIGUSR1) == 1 && ::sigismember(&mask, SIGUSR2) == 0 &&
               ::sigismember(&mask, SIGTERM) == 0 && ::sigismember(&mask, SIGCHLD) == 0;
    }));
}
