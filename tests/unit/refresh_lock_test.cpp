// SPDX-License-Identifier: Apache-2.0
// Many callers at once are one request: one executes the helper, the others wait for its result,
// each within its own deadline.
#include <CppUTest/TestHarness.h>
#include <signal.h>

#include <thread>

#include "common/roster/roster_lock.h"
#include "tests/unit/support/on_demand_test.h"

using namespace together;
using namespace std::chrono_literals;

namespace {

constexpr int callers = 20;

}  // namespace

struct RefreshLockGroup : OnDemandTest {
    void setup() override { needs_root(); }
    void teardown() override { CHECK_TRUE(no_child_is_left()); }

    std::vector<RefreshAttempt> refresh_in_threads() {
        std::vector<RefreshAttempt> attempts(callers);
        std::vector<std::thread> threads;
        for (auto& attempt : attempts) threads.emplace_back([&] { attempt = refresh(); });
        for (auto& thread : threads) thread.join();
        return attempts;
    }
    RosterLock held_by_another() {
        auto lock = RosterLock::open(roster.paths());
        CHECK_TRUE(lock.has_value() && lock->try_acquire(LockPart::refresh));
        return *std::move(lock);
    }
};

TEST_GROUP_BASE(refresh_lock, RefreshLockGroup){};

TEST(refresh_lock, of_threads_executes_the_helper_once) {
    make_helper("sleep 0.05\n" + install_newer());
    for (const auto& attempt : refresh_in_threads()) {
        TEXT_EQUAL("", attempt.problem);
        CHECK_TRUE(attempt.outcome == RefreshAttempt::Outcome::tried);
    }
    LONGS_EQUAL(1, runs());
    CHECK_TRUE(open_roster(config, clock.now())->validated == clock.now());
}

TEST(refresh_lock, of_processes_executes_the_helper_once) {
    make_helper("sleep 0.05\n" + install_newer());
    std::vector<pid_t> children;
    for (int i = 0; i < callers; ++i) {
        const pid_t child = ::fork();
        if (child == 0) ::_exit(brings_a_newer_one() ? 0 : 1);
        children.push_back(child);
    }
    for (const pid_t child : children) {
        int status = -1;
        CHECK_EQUAL(child, ::waitpid(child, &status, 0));
        LONGS_EQUAL(0, status);
    }
    LONGS_EQUAL(1, runs());
}

TEST(refresh_lock, that_fails_holds_everybody_back) {
    make_helper("sleep 0.05\n" + install_last_attempt() + "\nexit 75");
    for (const auto& attempt : refresh_in_threads())
        TEXT_CONTAINS("api.example.com did not answer", attempt.problem);
    LONGS_EQUAL(1, runs());
}

TEST(refresh_lock, that_hangs_keeps_nobody_past_the_deadline) {
    config.deadline = 500ms;
    make_helper("exec sleep 60");
    int rounds = 0;
    CHECK_TRUE(takes(500ms, 700ms, [&] {
        ++rounds;
        std::filesystem::remove(roster.paths().last_attempt());
        for (const auto& attempt : refresh_in_threads())
            TEXT_CONTAINS("did not end within 500ms", attempt.problem);
    }));
    LONGS_EQUAL(rounds, runs());
}

TEST(refresh_lock, of_another_process_is_waited_for_within_the_own_deadline) {
    config.deadline = 300ms;
    make_helper("");
    const auto lock = held_by_another();
    CHECK_TRUE(takes(300ms, 500ms, [&] {
        std::filesystem::remove(roster.paths().last_attempt());
        TEXT_EQUAL("another login's refresh did not end within 300ms", refresh().problem);
    }));
    // Its holder may be stopped: the next ones do not wait as long again.
    CHECK_TRUE(takes(0ms, 200ms, [&] {
        TEXT_CONTAINS("after: another login's refresh did not end", refresh().problem);
    }));
    LONGS_EQUAL(0, runs());
}

TEST(refresh_lock, of_another_is_over_when_it_lets_go) {
    make_helper("");
    auto lock = held_by_another();
    std::thread other([&] {
        std::this_thread::sleep_for(50ms);  // sleeps: a refresh that takes long
        std::filesystem::rename(file("newer"), roster.path());
        lock.release(LockPart::refresh);
    });
    CHECK_TRUE(brings_a_newer_one());
    other.join();
    LONGS_EQUAL(0, runs());
}

TEST(refresh_lock, of_another_that_brought_nothing_is_taken_over) {
    make_helper(install_newer());
    auto lock = held_by_another();
    std::thread other([&] {
        std::this_thread::sleep_for(50ms);  // sleeps: a refresh that takes long
        lock.release(LockPart::refresh);
    });
    CHECK_TRUE(brings_a_newer_one());
    other.join();
    LONGS_EQUAL(1, runs());
}

TEST(refresh_lock, of_another_that_failed_is_believed) {
    make_helper("");
    auto lock = held_by_another();
    std::thread other([&] {
        std::this_thread::sleep_for(50ms);  // sleeps: a refresh that takes long
        std::filesystem::copy_file(file("failed.attempt"), roster.paths().last_attempt());
        lock.release(LockPart::refresh);
    });
    TEXT_CONTAINS("api.example.com did not answer", refresh().problem);
    other.join();
    LONGS_EQUAL(0, runs());
}

TEST(refresh_lock, is_not_waited_for_while_the_back_off_holds) {
    const auto lock = held_by_another();
    std::filesystem::copy_file(file("failed.attempt"), roster.paths().last_attempt());
    CHECK_TRUE(takes(
        0ms, 100ms, [&] { TEXT_CONTAINS("not asked again for another 4.0s", refresh().problem); }));
}

TEST(refresh_lock, is_not_held_by_who_writes_the_roster) {
    make_helper(install_newer());
    auto lock = RosterLock::open(roster.paths());
    CHECK_TRUE(lock->try_acquire(LockPart::write));
    CHECK_TRUE(brings_a_newer_one());
}
