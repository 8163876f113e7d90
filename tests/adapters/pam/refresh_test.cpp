// SPDX-License-Identifier: Apache-2.0
// Refreshing on demand in calling programs that we do not control, with helpers that misbehave in
// all ways: the deadline is kept, nothing is left behind, nobody is let in.
#include <CppUTest/TestHarness.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>

#include "tests/adapters/pam/support/log_collector.h"
#include "tests/adapters/pam/support/node.h"
#include "tests/adapters/pam/support/pam_application.h"

using namespace together;
using namespace std::chrono_literals;

namespace {

constexpr double deadline = sanitized ? 2 : 0.3;
constexpr double tolerance = sanitized ? 5 : 0.2;

void reap_everything(int) {
    const int error = errno;
    while (::waitpid(-1, nullptr, WNOHANG) > 0) continue;
    errno = error;
}

struct Application {
    const char* name;
    void (*become)();
};

void ordinary() {}
void close_standard_descriptors() {
    for (const int fd : {0, 1, 2}) ::close(fd);
}
void ignore_children() {
    ::signal(SIGCHLD, SIG_IGN);
}
void reap_children() {
    struct sigaction action {};
    action.sa_handler = reap_everything;
    ::sigaction(SIGCHLD, &action, nullptr);
}
void all_of_it() {
    close_standard_descriptors();
    reap_children();
}
void block_all_signals() {
    sigset_t all;
    ::sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, nullptr);
}

constexpr std::array applications = std::to_array<Application>({
    {"ordinary", ordinary},
    {"descriptors 0 to 2 closed", close_standard_descriptors},
    {"SIGCHLD ignored", ignore_children},
    {"SIGCHLD handler that reaps everything", reap_children},
    {"descriptors closed and reaping", all_of_it},
    {"all signals blocked", block_all_signals},
});

struct SignalState {
    std::array<void*, NSIG> handlers{};
    sigset_t mask{};

    SignalState() {
        for (int number = 1; number < NSIG; ++number) {
            struct sigaction action {};
            if (::sigaction(number, nullptr, &action) == 0)
                handlers[static_cast<std::size_t>(number)] =
                    reinterpret_cast<void*>(action.sa_handler);
        }
        ::sigprocmask(SIG_SETMASK, nullptr, &mask);
    }
    bool operator==(const SignalState& other) const {
        bool same = handlers == other.handlers;
        for (int number = 1; number < NSIG; ++number)
            same = same && ::sigismember(&mask, number) == ::sigismember(&other.mask, number);
        return same;
    }
};

}  // namespace

TEST_GROUP(refresh) {
    LogCollector log;
    Node node;

    void setup() override {
        node.configure("", sanitized ? "deadline = 2s" : "deadline = 300ms");
    }

    // Nobody shall outlive the test, whatever came of it.
    void teardown() override {
        ::prctl(PR_SET_CHILD_SUBREAPER, 0);
        std::ifstream children("/proc/self/task/" + std::to_string(::getpid()) + "/children");
        for (pid_t pid = 0; children >> pid;) {
            ::kill(pid, SIGKILL);
            ::waitpid(pid, nullptr, 0);
        }
    }

    ApplicationReport log_in(const Application& kind, const std::string& user) {
        return in_another_process([&](ApplicationReport& application) {
            kind.become();
            const auto descriptors = open_descriptors();
            const SignalState signals;
            application.seconds = seconds_of([&] { application.answer = node.account(user); });
            application.children_left = !children().empty();
            application.descriptors_left = open_descriptors() != descriptors;
            application.signals_changed = !(SignalState() == signals);
            application.second_seconds =
                seconds_of([&] { application.second_answer = node.account(user); });
        });
    }

    long waits() {
        const auto lines = log.take();
        return std::count_if(lines.begin(), lines.end(), [](const std::string& line) {
            return has_field(line, "event=refresh");
        });
    }

    enum class Helper { ends, must_be_killed };

    // Answers and what is left are judged at each attempt; being late, or not having died in time
    // after SIGKILL, three times in a row: a busy machine is late once.
    void is_borne_by(const Application& kind, const std::string& helper, Helper end,
                     const std::string& user, int expected) {
        const std::string what = helper + ", " + user + ", in an application with: " + kind.name;
        std::string late;
        for (int attempt = 0; attempt < 3; ++attempt) {
            std::filesystem::remove(node.roster_paths().last_attempt());
            log.take();
            const auto report = log_in(kind, user);
            LONGS_EQUAL_TEXT(expected, report.answer, what.c_str());
            LONGS_EQUAL_TEXT(expected, report.second_answer, what.c_str());
            CHECK_FALSE_TEXT(report.descriptors_left, what.c_str());
            CHECK_FALSE_TEXT(report.signals_changed, what.c_str());
            // One that ends by itself leaves no record here; together-refresh would.
            if (end == Helper::must_be_killed) LONGS_EQUAL_TEXT(1, waits(), what.c_str());
            late = lateness(report, end);
            if (late.empty()) return;
        }
        FAIL((what + ": " + late).c_str());
    }

    static std::string lateness(const ApplicationReport& report, Helper end) {
        if (report.seconds > deadline + tolerance)
            return "it took " + std::to_string(report.seconds);
        if (report.second_seconds > (end == Helper::ends ? deadline : 0) + tolerance)
            return "the second took " + std::to_string(report.second_seconds);
        return report.children_left ? "a child is left" : "";
    }

    // Without a roster nobody can tell, in any calling program; with an old one it still decides,
    // both ways; with one that is too old nobody can tell.
    void is_borne(const std::string& helper, Helper end) {
        node.refresh_by(helper);
        node.no_roster();
        for (const auto& kind : applications)
            is_borne_by(kind, helper, end, "alice", PAM_AUTHINFO_UNAVAIL);
        node.roster(10min);
        is_borne_by(applications[0], helper, end, "alice", PAM_SUCCESS);
        is_borne_by(applications[4], helper, end, "mallory", PAM_PERM_DENIED);
        // Nothing of what a helper writes has landed in our files.
        CHECK_TRUE(Snapshot::open(node.roster_paths().snapshot, test_project, test_base_url)
                       ->verify_intact());
        node.roster(25h);
        is_borne_by(applications[0], helper, end, "alice", PAM_AUTHINFO_UNAVAIL);
    }
};

TEST(refresh, helper_hangs) {
    is_borne("hangs", Helper::must_be_killed);
}

TEST(refresh, helper_ignores_SIGTERM) {
    is_borne("ignores-term", Helper::must_be_killed);
}

TEST(refresh, helper_floods_its_pipe) {
    is_borne("floods", Helper::must_be_killed);
}

TEST(refresh, helper_closes_its_pipe_and_goes_on) {
    is_borne("closes-its-pipe", Helper::must_be_killed);
}

TEST(refresh, helper_claims_success_without_having_done_anything) {
    is_borne("exits-0", Helper::ends);
}

TEST(refresh, helper_fails) {
    is_borne("exits-1", Helper::ends);
    is_borne("exits-75", Helper::ends);
}

TEST(refresh, helper_ends_as_one_that_cannot_be_executed) {
    is_borne("exits-127", Helper::ends);
    is_borne("lies-about-exec", Helper::ends);
}

// What an ordinary user can bring about, with descriptors or memory used up: local_fault_for
// decides.
TEST(refresh, helper_that_ends_without_a_word_is_the_nodes_fault) {
    node.refresh_by("exits-127");
    node.roster(16min);
    LONGS_EQUAL(PAM_AUTHINFO_UNAVAIL, node.account("alice"));
    CHECK_TRUE(has_field(log.take().back(), "reason=node_fault"));
    LONGS_EQUAL(PAM_AUTHINFO_UNAVAIL, node.account("mallory"));
}

// An operator's doing: stale_for decides.
TEST(refresh, helper_that_is_missing_leaves_the_old_roster_in_force) {
    node.refresh_by("missing");
    node.roster(1h);
    LONGS_EQUAL(PAM_SUCCESS, node.account("alice"));
    LONGS_EQUAL(PAM_PERM_DENIED, node.account("mallory"));
}

TEST(refresh, helper_is_missing) {
    is_borne("missing", Helper::ends);
    std::filesystem::remove(node.roster_paths().last_attempt());
    log.take();
    node.account("alice");
    STRCMP_CONTAINS("cannot execute", log.take().back().c_str());
}

TEST(refresh, helper_is_no_program) {
    node.write("bin/text", "neither a script nor a program");
    is_borne("text", Helper::ends);
}

TEST(refresh, helper_crashes) {
    is_borne("crashes", Helper::ends);
}

TEST(refresh, helper_leaves_a_grandchild_that_keeps_the_pipe) {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // whoever it leaves belongs to this process
    is_borne("leaves-a-grandchild", Helper::ends);
    CHECK_FALSE(children().empty());
}

TEST(refresh, a_good_helper_is_understood_in_every_host) {
    node.configure();
    node.next_roster("alice 10001 admin");
    for (const auto& kind : applications) {
        node.no_roster();
        node.refresh_by("refreshes");
        const auto report = log_in(kind, "alice");
        LONGS_EQUAL_TEXT(PAM_SUCCESS, report.answer, kind.name);
        LONGS_EQUAL_TEXT(PAM_SUCCESS, report.second_answer, kind.name);
        CHECK_FALSE_TEXT(report.children_left || report.descriptors_left, kind.name);
        log.take();
    }
}

TEST(refresh, the_helper_gets_a_fixed_environment_and_no_descriptor_of_the_host) {
    node.configure();
    node.refresh_by("reports-itself");
    const auto report = in_another_process([&](ApplicationReport& application) {
        ::setenv("LD_PRELOAD_OF_THE_HOST", "secret", 1);
        ::open(node.path("together.conf").c_str(), O_RDONLY);  // without O_CLOEXEC
        application.answer = node.account("alice");
    });
    LONGS_EQUAL(PAM_AUTHINFO_UNAVAIL, report.answer);
    STRCMP_EQUAL(("argument --config\nargument " + node.path("together.conf") +
                  "\nargument --on-demand\n"
                  "environment PATH=/usr/sbin:/usr/bin:/sbin:/bin\nenvironment LC_ALL=C\n"
                  "descriptor 0 /dev/null\ndescriptor 1 /dev/null\ndescriptor 2 /dev/null\n"
                  "descriptor 3 pipe\n")
                     .c_str(),
                 contents(node.path("report")).c_str());
}
