// SPDX-License-Identifier: Apache-2.0
// The two locks in one file: they exclude threads and processes, and end with their holder.
#include "common/roster/roster_lock.h"

#include <CppUTest/TestHarness.h>
#include <signal.h>
#include <sys/stat.h>

#include <atomic>
#include <thread>
#include <vector>

#include "tests/unit/support/processes.h"
#include "tests/unit/support/roster_folder.h"
#include "tests/unit/support/texts.h"

using namespace together;

TEST_GROUP(roster_lock) {
    RosterFolder folder;

    RosterLock open() const {
        auto lock = RosterLock::open(folder.paths());
        if (!lock) FAIL(lock.error().message.c_str());
        return *std::move(lock);
    }
};

TEST(roster_lock, is_a_file_that_only_its_owner_can_open) {
    const auto before = ::umask(0);
    open();
    ::umask(before);
    LONGS_EQUAL(0600, std::filesystem::status(folder.paths().lock()).permissions());
}

TEST(roster_lock, that_others_could_hold_is_refused) {
    open();
    for (const mode_t mode : {0640U, 0604U, 0660U, 0644U}) {
        ::chmod(folder.paths().lock().c_str(), mode);
        const auto lock = RosterLock::open(folder.paths());
        TEXT_EQUAL(folder.paths().lock() + " is open to others (chmod 0600)", lock.error().message);
    }
}

TEST(roster_lock, is_opened_through_no_link_and_waits_for_no_fifo) {
    write_file(folder.directory() / "victim", "", 0600);
    std::filesystem::create_symlink(folder.directory() / "victim", folder.paths().lock());
    CHECK_FALSE(RosterLock::open(folder.paths()).has_value());
    std::filesystem::remove(folder.paths().lock());
    CHECK_EQUAL(0, ::mkfifo(folder.paths().lock().c_str(), 0600));
    TEXT_EQUAL(folder.paths().lock() + " is not a regular file",
               RosterLock::open(folder.paths()).error().message);
}

TEST(roster_lock, names_a_folder_that_is_missing) {
    folder.config.directory = "/nonexistent/together";
    TEXT_EQUAL("cannot open /nonexistent/together/proj_a.roster.v1.lock: No such file or directory",
               RosterLock::open(folder.paths()).error().message);
}

TEST(roster_lock, has_one_holder) {
    auto one = open();
    auto two = open();
    CHECK_TRUE(two.is_free(LockPart::refresh));
    CHECK_TRUE(one.try_acquire(LockPart::refresh));
    CHECK_FALSE(two.try_acquire(LockPart::refresh));
    CHECK_FALSE(two.is_free(LockPart::refresh));
    one.release(LockPart::refresh);
    CHECK_TRUE(two.is_free(LockPart::refresh));
    CHECK_TRUE(two.try_acquire(LockPart::refresh));
    CHECK_FALSE(one.try_acquire(LockPart::refresh));
}

TEST(roster_lock, has_two_parts_that_do_not_exclude_each_other) {
    auto one = open();
    auto two = open();
    CHECK_TRUE(one.try_acquire(LockPart::refresh));
    CHECK_TRUE(two.is_free(LockPart::write));
    CHECK_TRUE(two.try_acquire(LockPart::write));
    two.release(LockPart::write);
    CHECK_FALSE(two.is_free(LockPart::refresh));
    CHECK_TRUE(one.try_acquire(LockPart::write));
    CHECK_FALSE(two.try_acquire(LockPart::write));
}

TEST(roster_lock, ends_with_its_holder) {
    auto waiting = open();
    {
        auto holder = open();
        CHECK_TRUE(holder.try_acquire(LockPart::refresh));
        CHECK_FALSE(waiting.is_free(LockPart::refresh));
    }
    CHECK_TRUE(waiting.try_acquire(LockPart::refresh));
}

TEST(roster_lock, ends_with_a_holder_that_is_killed) {
    auto waiting = open();
    int ready[2];
    CHECK_EQUAL(0, ::pipe(ready));
    const pid_t holder = ::fork();
    if (holder == 0) {
        auto lock = RosterLock::open(folder.paths());
        const char byte = lock && lock->try_acquire(LockPart::refresh) ? 'y' : 'n';
        if (::write(ready[1], &byte, 1) == 1) ::pause();
        ::_exit(1);
    }
    char byte = 0;
    CHECK_EQUAL(1, ::read(ready[0], &byte, 1));
    CHECK_EQUAL('y', byte);
    CHECK_FALSE(waiting.is_free(LockPart::refresh));
    ::kill(holder, SIGKILL);
    CHECK_EQUAL(holder, ::waitpid(holder, nullptr, 0));
    CHECK_TRUE(waiting.try_acquire(LockPart::refresh));
    ::close(ready[0]);
    ::close(ready[1]);
}

// POSIX locks would end when anybody in the process closed the file.
TEST(roster_lock, does_not_end_when_another_descriptor_is_closed) {
    auto holder = open();
    CHECK_TRUE(holder.try_acquire(LockPart::refresh));
    { open(); }
    CHECK_FALSE(open().is_free(LockPart::refresh));
}

TEST(roster_lock, is_not_inherited_by_what_is_executed) {
    auto holder = open();
    CHECK_TRUE(holder.try_acquire(LockPart::refresh));
    CHECK_EQUAL(0, ::system("ls -l /proc/self/fd | grep -q roster.v1.lock && exit 1; exit 0"));
}

TEST(roster_lock, excludes_threads) {
    std::atomic<int> holders = 0;
    std::atomic<int> most = 0;
    std::atomic<int> acquired = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i)
        threads.emplace_back([&] {
            auto lock = RosterLock::open(folder.paths());
            while (acquired < 200) {
                if (!lock->try_acquire(LockPart::write)) continue;
                if (++holders > 1) most = 2;
                ++acquired;
                --holders;
                lock->release(LockPart::write);
            }
        });
    for (auto& thread : threads) thread.join();
    LONGS_EQUAL(0, most);
}
