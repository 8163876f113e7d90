// SPDX-License-Identifier: Apache-2.0
#include "common/system/setuid_filter.h"

#include <CppUTest/TestHarness.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <thread>

using namespace together;

namespace {

constexpr uid_t barred = 20001;
constexpr uid_t other = 20002;
constexpr uid_t same = static_cast<uid_t>(-1);

// The filter cannot be taken back: each of these in a process of its own.
template <class Body>
int in_child(const Body& body) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(body());
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

// qemu-user, which runs another processor's programs, has none.
bool has_seccomp() {
    return ::prctl(PR_GET_SECCOMP) >= 0;
}

bool refused(long result) {
    return result == -1 && errno == EPERM;
}

// 0 where all hold, else the number of the first that does not.
int first_that_fails(std::initializer_list<bool> expectations) {
    int number = 0;
    for (const bool holds : expectations) {
        ++number;
        if (!holds) return number;
    }
    return 0;
}

}  // namespace

struct SetuidFilterGroup : Utest {
    void setup() override {
        if (::geteuid() != 0 || !has_seccomp()) TEST_EXIT;
    }
};

TEST_GROUP_BASE(setuid_filter, SetuidFilterGroup){};

TEST(setuid_filter, nobody_becomes_the_user) {
    LONGS_EQUAL(
        0, in_child([] {
            if (!forbid_becoming(barred)) return 100;
            return first_that_fails({refused(::setuid(barred)), refused(::setreuid(barred, barred)),
                                     refused(::setreuid(barred, same)),
                                     refused(::setresuid(barred, barred, barred)),
                                     refused(::setresuid(barred, same, same)), ::getuid() == 0});
        }));
}

TEST(setuid_filter, the_upper_half_of_the_register_lets_nobody_pass) {
    LONGS_EQUAL(
        0, in_child([] {
            if (!forbid_becoming(barred)) return 100;
            const unsigned long filled = 0xdeadbeef00000000UL | barred;
            return first_that_fails({refused(::syscall(SYS_setuid, filled)),
                                     refused(::syscall(SYS_setresuid, filled, filled, filled)),
                                     ::getuid() == 0});
        }));
}

TEST(setuid_filter, a_moment_as_the_user_and_others_go_on) {
    LONGS_EQUAL(
        0, in_child([] {
            if (!forbid_becoming(barred)) return 100;
            return first_that_fails({::seteuid(barred) == 0, ::geteuid() == barred,
                                     ::seteuid(0) == 0, ::setresuid(0, 0, 0) == 0,
                                     ::setresuid(other, other, other) == 0, ::getuid() == other});
        }));
}

TEST(setuid_filter, without_a_uid_it_holds_for_everybody_but_root) {
    LONGS_EQUAL(0, in_child([] {
                    if (!forbid_becoming(std::nullopt)) return 100;
                    return first_that_fails(
                        {refused(::setuid(barred)), refused(::setresuid(other, other, 0)),
                         ::seteuid(barred) == 0, ::seteuid(0) == 0, ::setuid(0) == 0});
                }));
}

TEST(setuid_filter, it_holds_for_all_threads_and_for_what_they_start) {
    LONGS_EQUAL(0, in_child([] {
                    std::atomic<bool> set = false;
                    std::atomic<int> failed = 1;
                    std::thread early([&] {
                        while (!set) std::this_thread::yield();
                        failed = refused(::syscall(SYS_setresuid, barred, barred, barred)) ? 0 : 1;
                    });
                    const bool done = forbid_becoming(barred).has_value();
                    set = true;
                    early.join();
                    if (!done || failed != 0) return 100;
                    const int program = in_child([] {
                        ::execl("/usr/bin/setpriv", "setpriv", "--reuid=20001", "--clear-groups",
                                "true", nullptr);
                        return 0;
                    });
                    return program != 0 ? 0 : 101;
                }));
}

#if defined(__x86_64__)
// A 32-bit program's calls have other numbers; a 64-bit one can make them too.
TEST(setuid_filter, a_32_bit_call_lets_nobody_pass) {
    const auto setresuid32 = [] {
        long result = 208;
        asm volatile("int $0x80" : "+a"(result) : "b"(barred), "c"(barred), "d"(barred) : "memory");
        return result;
    };
    const auto getuid32 = [] {
        long result = 199;
        asm volatile("int $0x80" : "+a"(result)::"memory");
        return result;
    };
    // Where the kernel takes no such calls it kills who makes one, or says ENOSYS.
    if (in_child([&] { return getuid32() == 0 ? 0 : 1; }) != 0) return;
    LONGS_EQUAL(0, in_child([&] {
                    if (!forbid_becoming(barred)) return 100;
                    return first_that_fails({setresuid32() == -EPERM, ::getuid() == 0});
                }));
}
#endif
