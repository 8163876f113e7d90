// SPDX-License-Identifier: Apache-2.0
// Children that togetherctl runs: what they wrote, how they ended, and that none is waited for too
// long.
#include "processes/child.h"

#include <CppUTest/TestHarness.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/system/io.h"
#include "processes/run_program.h"
#include "tests/unit/support/texts.h"

using namespace together;
using namespace std::chrono_literals;
using End = ChildRun::End;

struct ChildGroup : Utest {
    static int say(int pipe, const std::string& text) {
        return write_full(pipe, text.data(), text.size()) ? 0 : 1;
    }
};

TEST_GROUP_BASE(child, ChildGroup){};

TEST(child, each_pipe_is_read_to_its_end) {
    const std::string much(std::size_t{300} * 1024, 'x');
    const auto run = run_child(2, {}, [&](const std::vector<int>& pipes) {
        return say(pipes[1], much) + say(pipes[0], "short") + 7;
    });
    CHECK_TRUE(run->end == End::by_itself);
    TEXT_EQUAL("short", run->output[0]);
    CHECK_TRUE(much == run->output[1]);
    LONGS_EQUAL(7, WEXITSTATUS(run->status));
}

TEST(child, may_have_no_pipe) {
    const auto run = run_child(0, {}, [](const auto&) { return 3; });
    LONGS_EQUAL(3, WEXITSTATUS(run->status));
}

TEST(child, that_a_signal_ends_says_so) {
    const auto run = run_child(1, {10s}, [](const auto& pipes) {
        say(pipes[0], "last words");
        return ::raise(SIGKILL);
    });
    CHECK_TRUE(run->end == End::by_itself);
    LONGS_EQUAL(SIGKILL, WTERMSIG(run->status));
    TEXT_EQUAL("last words", run->output[0]);
}

TEST(child, that_hangs_is_killed) {
    for (const bool closes_its_pipe : {false, true}) {
        const auto run = run_child(1, {50ms}, [=](const auto& pipes) {
            if (closes_its_pipe) ::close(pipes[0]);
            while (true) ::pause();
            return 0;
        });
        CHECK_TRUE(run->end == End::out_of_time);
        LONGS_EQUAL(SIGKILL, WTERMSIG(run->status));
    }
}

TEST(child, that_writes_without_end_is_killed) {
    const auto run = run_child(1, {60s, 1000}, [](const auto& pipes) {
        while (say(pipes[0], std::string(4096, 'x')) == 0) continue;
        return 0;
    });
    CHECK_TRUE(run->end == End::wrote_too_much);
}

// Some programs leave it so to those that they start.
TEST(child, has_a_status_where_its_end_was_ignored) {
    ::signal(SIGCHLD, SIG_IGN);
    const auto run = run_child(0, {}, [](const auto&) { return 5; });
    LONGS_EQUAL(5, WEXITSTATUS(run->status));
}

TEST(child, is_a_program_that_ends_or_says_why_not) {
    const auto of = [](const std::string& script) {
        return run_program("/bin/sh", {"-c", script}, ChildOutput::inherited);
    };
    LONGS_EQUAL(5, *of("exit 5"));
    TEXT_EQUAL("/bin/sh was killed by signal 9", of("kill -9 $$").error().message);
    TEXT_EQUAL("cannot execute /nowhere/program: No such file or directory",
               run_program("/nowhere/program", {}, ChildOutput::inherited).error().message);
    const auto run = run_and_read("/bin/sh", {"-c", "echo out; exit 4"});
    LONGS_EQUAL(4, run->status);
    TEXT_EQUAL("out\n", run->output);
}

TEST(child, gets_no_descriptor_but_the_standard_ones) {
    TEXT_EQUAL("0\n1\n2\n", *output_of("/bin/sh",
                                       {"-c",
                                        "for n in 0 1 2 3 4 5 6 7 8 9; do [ -e /proc/$$/fd/$n ] "
                                        "&& echo $n; done; true"},
                                       10s));
}
