// SPDX-License-Identifier: Apache-2.0
// What an executed helper sees of a hostile calling program: descriptors, environment, signals; and
// that the caller's ways with SIGCHLD hide nothing from us.
#include <CppUTest/TestHarness.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>

#include <sstream>

#include "common/on_demand/helper_process.h"
#include "tests/unit/support/files.h"
#include "tests/unit/support/helpers.h"
#include "tests/unit/support/processes.h"
#include "tests/unit/support/temporary_directory.h"
#include "tests/unit/support/texts.h"

using namespace together;
using namespace std::chrono_literals;

namespace {

void reap_everything(int) {
    const int error = errno;
    while (::waitpid(-1, nullptr, WNOHANG) > 0) continue;
    errno = error;
}

}  // namespace

// Hosts are made in a forked child, because they change what a whole process has.
TEST_GROUP(helper_inheritance) {
    TemporaryDirectory directory;

    std::string program() const {
        return directory / "helper";
    }
    std::string result() const {
        return read_file(directory / "result");
    }
    HelperProcess::End execute(std::chrono::milliseconds patience = 30s) const {
        auto helper = HelperProcess::start(program(), {});
        return helper ? helper->wait(std::chrono::steady_clock::now() + patience)
                      : HelperProcess::End::not_executed;
    }
    bool is_killed_at_the_deadline() const {
        bool killed = true;
        return takes(300ms, 500ms,
                     [&] {
                         killed = killed && execute(300ms) == HelperProcess::End::deadline &&
                                  no_child_is_left();
                     }) &&
               killed;
    }
    // 10 is the shell's own, for its script.
    void make_lister() const {
        make_script(program(), "(ls -l /proc/$$/fd >" + (directory / "result") + ")\nexit 0");
    }
    void sees_dev_null_and_one_pipe() const {
        std::istringstream lines(result());
        std::string seen;
        for (std::string line; std::getline(lines, line);)
            if (const auto arrow = line.find(" -> "); arrow != line.npos) {
                auto descriptor = line.substr(line.rfind(' ', arrow - 1) + 1);
                if (!descriptor.starts_with("10 "))
                    seen += descriptor.substr(0, descriptor.find('[')) + "\n";
            }
        TEXT_EQUAL("0 -> /dev/null\n1 -> /dev/null\n2 -> /dev/null\n3 -> pipe:\n", seen);
        std::filesystem::remove(directory / "result");
    }
};

TEST(helper_inheritance, is_dev_null_and_one_pipe) {
    make_lister();
    CHECK_TRUE(holds_in_a_child([&] {
        for (int i = 0; i < 50; ++i)
            if (::open("/etc/passwd", O_RDONLY) < 0) return false;
        return ::dup2(0, 999) == 999 && execute() == HelperProcess::End::exited;
    }));
    sees_dev_null_and_one_pipe();
}

TEST(helper_inheritance, is_the_same_where_the_host_has_closed_its_standard_descriptors) {
    make_lister();
    for (int closed = 1; closed < 8; ++closed) {
        CHECK_TRUE(holds_in_a_child([&] {
            for (int fd = 0; fd < 3; ++fd)
                if ((closed & 1 << fd) != 0) ::close(fd);
            const bool exited = execute() == HelperProcess::End::exited;
            // Nor has anything of ours become one of the calling program's.
            for (int fd = 0; fd < 3; ++fd)
                if ((closed & 1 << fd) != 0 && ::fcntl(fd, F_GETFD) != -1) return false;
            return exited;
        }));
        sees_dev_null_and_one_pipe();
    }
}

TEST(helper_inheritance, is_the_same_where_everything_from_3_on_is_free) {
    make_lister();
    CHECK_TRUE(holds_in_a_child([&] {
        close_descriptors_from(3);
        return execute() == HelperProcess::End::exited;
    }));
    sees_dev_null_and_one_pipe();
}

TEST(helper_inheritance, is_the_same_where_everything_is_closed) {
    make_lister();
    CHECK_TRUE(holds_in_a_child([&] {
        close_descriptors_from(0);
        return execute() == HelperProcess::End::exited && open_descriptors().empty();
    }));
    sees_dev_null_and_one_pipe();
}

TEST(helper_inheritance, is_a_fixed_environment) {
    make_script(program(), "tr '\\0' '\\n' </proc/$$/environ >" + (directory / "result"));
    CHECK_TRUE(holds_in_a_child([&] {
        ::setenv("LD_PRELOAD", "/tmp/evil.so", 1);
        ::setenv("https_proxy", "http://evil.example", 1);
        ::setenv("PATH", "/tmp", 1);
        return execute() == HelperProcess::End::exited;
    }));
    TEXT_EQUAL("PATH=/usr/sbin:/usr/bin:/sbin:/bin\nLC_ALL=C\n", result());
}

TEST(helper_inheritance, of_an_ignored_sigchld_hides_no_end) {
    make_script(program(), "exit 0");
    CHECK_TRUE(holds_in_a_child([&] {
        ::signal(SIGCHLD, SIG_IGN);
        return execute() == HelperProcess::End::exited && no_child_is_left();
    }));
    make_script(program(), "exec sleep 60");
    CHECK_TRUE(holds_in_a_child([&] {
        ::signal(SIGCHLD, SIG_IGN);
        return is_killed_at_the_deadline();
    }));
}

TEST(helper_inheritance, of_a_handler_that_reaps_everything_hides_no_end) {
    make_script(program(), "exit 0");
    CHECK_TRUE(holds_in_a_child([&] {
        ::signal(SIGCHLD, reap_everything);
        return execute() == HelperProcess::End::exited && no_child_is_left();
    }));
    make_script(program(), "exec sleep 60");
    CHECK_TRUE(holds_in_a_child([&] {
        ::signal(SIGCHLD, reap_everything);
        return is_killed_at_the_deadline();
    }));
}

TEST(helper_inheritance, of_a_storm_of_signals_changes_no_deadline) {
    make_script(program(), "exec sleep 60");
    CHECK_TRUE(holds_in_a_child([&] {
        ::signal(SIGALRM, [](int) {});
        const itimerval often{{0, 2000}, {0, 2000}};
        ::setitimer(ITIMER_REAL, &often, nullptr);
        return is_killed_at_the_deadline();
    }));
}

TEST(helper_inheritance, of_no_descriptors_left_is_an_error) {
    make_script(program(), "exit 0");
    CHECK_TRUE(holds_in_a_child([&] {
        while (::open("/dev/null", O_RDONLY) >= 0) continue;
        const auto helper = HelperProcess::start(program(), {});
        return !helper && helper.error().message.find("Too many open files") != std::string::npos;
    }));
}

TEST(helper_inheritance, of_no_processes_left_is_an_error) {
    make_script(program(), "exit 0");
    CHECK_TRUE(holds_for_nobody([&] {
        const rlimit none{0, 0};
        ::setrlimit(RLIMIT_NPROC, &none);
        const auto helper = HelperProcess::start(program(), {});
        return !helper && helper.error().message.find("fork") != std::string::npos;
    }));
}
