// SPDX-License-Identifier: Apache-2.0
// Code that runs in a process of its own, because it changes what a whole process has: uids,
// descriptors, signals.
#pragma once

#include <CppUTest/TestHarness.h>
#include <sys/wait.h>
#include <unistd.h>

#include <exception>

inline constexpr uid_t nobody = 65534;

// Tests of ownership and of uids mean nothing for a plain user: they fail loudly, never skip.
inline void needs_root() {
    if (::geteuid() != 0) FAIL("this test needs root");
}

// Runs `body` in a forked child; true where it returned true. A crash, an exception and a signal
// count as false.
template <class Body>
bool holds_in_a_child(const Body& body) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        bool held = false;
        try {
            held = body();
        } catch (const std::exception&) {
        }
        ::_exit(held ? 0 : 1);
    }
    int status = -1;
    return pid > 0 && ::waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

// The same, as a user who owns nothing.
template <class Body>
bool holds_for_nobody(const Body& body) {
    needs_root();
    return holds_in_a_child([&] {
        return ::setresgid(nobody, nobody, nobody) == 0 &&
               ::setresuid(nobody, nobody, nobody) == 0 && body();
    });
}
