// SPDX-License-Identifier: Apache-2.0
// Which processes are a user's SSH session.
#include "processes/ssh_sessions.h"

#include <CppUTest/TestHarness.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/support/texts.h"

using namespace together;

namespace {

Process process(pid_t pid, pid_t parent, uid_t uid, const char* title,
                const char* program = "sshd") {
    return {pid, parent, uid, 1, program, title, false, false};
}

const Process listener =
    process(1, 0, 0, "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups");

}  // namespace

TEST_GROUP(ssh_sessions){};

TEST(ssh_sessions, are_roots_process_and_a_child_of_the_users) {
    const auto found = ssh_sessions({listener, process(2, 1, 0, "sshd: alice [priv]"),
                                     process(3, 2, 1000, "sshd: alice@pts/0,pts/1")});
    LONGS_EQUAL(1, found.size());
    TEXT_EQUAL("alice", found[0].login);
    LONGS_EQUAL(1000, found[0].uid);
    LONGS_EQUAL(2, found[0].monitor.pid);
    LONGS_EQUAL(1, found[0].children.size());
    TEXT_EQUAL("pts/0,pts/1", found[0].terminals);
}

TEST(ssh_sessions, are_called_otherwise_from_9_8_on) {
    for (const char* monitor : {"sshd-session: alice [priv]", "sshd-session: alice [postauth]"}) {
        const auto found =
            ssh_sessions({process(2, 1, 0, monitor, "sshd-session"),
                          process(3, 2, 1000, "sshd-session: alice@notty", "sshd-session")});
        LONGS_EQUAL(1, found.size());
        TEXT_EQUAL("alice", found[0].login);
        TEXT_EQUAL("notty", found[0].terminals);
    }
}

TEST(ssh_sessions, may_have_no_terminal_at_all) {
    LONGS_EQUAL(1, ssh_sessions(
                       {process(2, 1, 0, "sshd: alice [priv]"), process(3, 2, 1000, "sshd: alice")})
                       .size());
}

TEST(ssh_sessions, are_none_before_the_login) {
    CHECK_TRUE(ssh_sessions({listener, process(2, 1, 0, "sshd: alice [priv]"),
                             process(3, 2, 100, "sshd: alice [net]")})
                   .empty());
    CHECK_TRUE(
        ssh_sessions({process(2, 1, 0, "sshd: [accepted]"), process(3, 2, 100, "sshd: [net]")})
            .empty());
    CHECK_TRUE(ssh_sessions({process(2, 1, 0, "sshd: alice [priv]")}).empty());
}

TEST(ssh_sessions, of_root_are_never_meant) {
    CHECK_TRUE(
        ssh_sessions({process(2, 1, 0, "sshd: root [priv]"), process(3, 2, 0, "sshd: root@pts/0")})
            .empty());
    CHECK_TRUE(ssh_sessions({process(2, 1, 0, "sshd: root@pts/0")}).empty());
}

TEST(ssh_sessions, are_not_made_by_a_title) {
    const auto child = process(3, 2, 1000, "sshd: alice@pts/0");
    // A user's process, root's of another program, and a child that is no sshd.
    CHECK_TRUE(ssh_sessions({process(2, 1, 1000, "sshd: alice [priv]"), child}).empty());
    CHECK_TRUE(ssh_sessions({process(2, 1, 0, "sshd: alice [priv]", "sudo"), child}).empty());
    CHECK_TRUE(
        ssh_sessions({process(2, 1, 0, "sshd: alice [priv]"), process(3, 2, 1000, "bash", "bash")})
            .empty());
}

// Without CAP_SYS_PTRACE root may not ask for the program of a user's process.
TEST(ssh_sessions, whose_childs_program_is_hidden_are_some_all_the_same) {
    auto child = process(3, 2, 1000, "sshd: alice@pts/0", "");
    child.hidden = true;
    const std::vector<Process> processes = {process(2, 1, 0, "sshd: alice [priv]"), child};
    LONGS_EQUAL(1, ssh_sessions(processes).size());
    LONGS_EQUAL(0, left_out(processes).hidden);
}

TEST(ssh_sessions, whose_monitors_program_is_hidden_may_be_some) {
    auto monitor = process(2, 1, 0, "sshd: alice [priv]", "");
    monitor.hidden = true;
    const std::vector<Process> processes = {monitor, process(3, 2, 1000, "sshd: alice@pts/0")};
    CHECK_TRUE(ssh_sessions(processes).empty());
    LONGS_EQUAL(1, left_out(processes).hidden);
}

TEST(ssh_sessions, of_containers_are_left_out) {
    auto monitor = process(2, 1, 0, "sshd: alice [priv]");
    monitor.elsewhere = true;
    const std::vector<Process> processes = {monitor, process(3, 2, 1000, "sshd: alice@pts/0")};
    CHECK_TRUE(ssh_sessions(processes).empty());
    LONGS_EQUAL(1, left_out(processes).elsewhere);
}

TEST(ssh_sessions, whose_title_is_cut_off_are_left_out) {
    const auto child = process(3, 2, 1000, "sshd: a-login-of-so");
    const std::vector<Process> processes = {listener, process(2, 1, 0, "sshd: a-login-of-so"),
                                            child};
    CHECK_TRUE(ssh_sessions(processes).empty());
    LONGS_EQUAL(1, left_out(processes).cut);
    LONGS_EQUAL(0, left_out({listener, process(2, 1, 0, "sshd: alice [priv]"), child}).cut);
    LONGS_EQUAL(0, left_out({listener, process(2, 1, 0, "sshd: a-login-of-so"),
                             process(3, 2, 0, "sshd: a-login-of-so")})
                       .cut);
}

// ---- ending ------------------------------------------------------------------------------------

TEST_GROUP(ssh_sessions_ending) {
    pid_t child = 0;
    SshSession session;

    void setup() override {
        child = ::fork();
        if (child == 0)
            while (true) ::pause();
        session.monitor = process(child, ::getpid(), 0, "sshd: alice [priv]");
    }
    void teardown() override {
        ::kill(child, SIGKILL);
        ::waitpid(child, nullptr, 0);
    }
    bool is_there() const {
        return ::waitpid(child, nullptr, WNOHANG) == 0;
    }
};

TEST(ssh_sessions_ending, is_not_said_where_proc_cannot_be_read) {
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    const rlimit none{0, before.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
    const auto ending = end_session(session, 0);
    ::setrlimit(RLIMIT_NOFILE, &before);
    CHECK_TRUE(ending == Ending::cannot_tell);
    CHECK_TRUE(is_there());
}

TEST(ssh_sessions_ending, leaves_one_that_has_its_pid_now) {
    session.monitor.started = 1;  // long before
    CHECK_TRUE(end_session(session, 0) == Ending::ended);
    CHECK_TRUE(is_there());
}

TEST(ssh_sessions_ending, of_one_that_is_gone) {
    ::kill(child, SIGKILL);
    siginfo_t info;
    ::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT);  // a zombie
    CHECK_TRUE(end_session(session, 0) == Ending::ended);
}
