// SPDX-License-Identifier: Apache-2.0
// The snapshot and its stamp together: the stamp only extends what the snapshot's header says.
#include "common/roster/roster.h"

#include <CppUTest/TestHarness.h>
#include <sys/stat.h>

#include <atomic>
#include <thread>

#include "tests/unit/support/fake_clock.h"
#include "tests/unit/support/processes.h"
#include "tests/unit/support/roster_folder.h"

using namespace together;
using namespace std::chrono_literals;

TEST_GROUP(roster) {
    RosterFolder folder;
    FakeClock clock;
    Digest digest{};
    Moment written;

    void setup() override {
        written = clock.now();
        digest = folder.write(written);
        clock.tick(1h);
    }
    Moment validated() const {
        const auto roster = open_roster(folder.config, clock_now());
        CHECK_TRUE(roster.has_value());
        return roster->validated;
    }
    Moment clock_now() const {
        return const_cast<FakeClock&>(clock).now();
    }
    Nanoseconds age() const {
        return open_roster(folder.config, clock_now())->age.value;
    }
};

TEST(roster, was_validated_when_it_was_written) {
    CHECK_TRUE(validated() == written);
    CHECK_TRUE(age() == 1h);
}

TEST(roster, was_validated_when_its_stamp_says) {
    folder.stamp(clock.now(), digest);
    const auto stamped = clock.now();
    clock.tick(5s);
    CHECK_TRUE(validated() == stamped);
    CHECK_TRUE(age() == 5s);
}

TEST(roster, is_not_made_older_by_a_stamp) {
    auto earlier = written;
    earlier.boottime -= Nanoseconds(1h).count();
    earlier.realtime -= Nanoseconds(1h).count();
    folder.stamp(earlier, digest);
    CHECK_TRUE(validated() == written);
}

TEST(roster, is_not_changed_by_anothers_stamp) {
    auto another = digest;
    another[15] ^= 1;
    folder.stamp(clock.now(), another);
    CHECK_TRUE(validated() == written);
}

TEST(roster, is_not_changed_by_a_stamp_that_is_torn_cut_or_empty) {
    folder.stamp(clock.now(), digest);
    const auto stamp = read_file(folder.paths().stamp());
    for (std::size_t byte = 0; byte < stamp.size(); ++byte) {
        auto damaged = stamp;
        damaged[byte] = static_cast<char>(damaged[byte] ^ 0x10);
        write_file(folder.paths().stamp(), damaged);
        CHECK_TRUE(validated() == written);
        write_file(folder.paths().stamp(), stamp.substr(0, byte));
        CHECK_TRUE(validated() == written);
    }
    write_file(folder.paths().stamp(), stamp + "x");
    CHECK_TRUE(validated() == written);
}

TEST(roster, is_not_changed_by_a_stamp_that_is_not_roots) {
    needs_root();
    folder.stamp(clock.now(), digest);
    CHECK_EQUAL(0, ::chown(folder.paths().stamp().c_str(), nobody, 0));
    CHECK_TRUE(validated() == written);
    CHECK_EQUAL(0, ::chown(folder.paths().stamp().c_str(), 0, 0));
    ::chmod(folder.paths().stamp().c_str(), 0666);
    CHECK_TRUE(validated() == written);
}

TEST(roster, is_not_changed_by_a_stamp_that_is_no_file) {
    folder.stamp(clock.now(), digest);
    std::filesystem::rename(folder.paths().stamp(), folder.directory() / "stamp");
    std::filesystem::create_symlink(folder.directory() / "stamp", folder.paths().stamp());
    CHECK_TRUE(validated() == written);
    std::filesystem::remove(folder.paths().stamp());
    CHECK_EQUAL(0, ::mkfifo(folder.paths().stamp().c_str(), 0644));
    CHECK_TRUE(validated() == written);
}

TEST(roster, keeps_its_own_age_when_it_is_replaced_under_an_old_stamp) {
    folder.stamp(clock.now(), digest);
    clock.tick(1min);
    const auto again = clock.now();
    folder.write(again);
    clock.tick(1min);
    CHECK_TRUE(validated() == again);
}

TEST(roster, is_missing_or_unusable) {
    std::filesystem::remove(folder.path());
    CHECK_TRUE(open_roster(folder.config, clock.now()).error().kind == FileError::missing);
    write_file(folder.path(), "rubbish");
    CHECK_TRUE(open_roster(folder.config, clock.now()).error().kind == FileError::unusable);
}

// A reader that opened a snapshot, and read the stamp of the one that replaced it meanwhile, must
// not take the old one's writing for the last validation. The writer lets two looks pass after each
// change, so that a look meets one change at most.
TEST(roster, is_never_seen_as_old_as_its_writing_while_it_is_replaced) {
    const auto recent = clock.now();
    const auto keep = [&](const std::string& name) {
        std::filesystem::rename(folder.path(), folder.directory() / name);
    };
    keep("old");
    const auto new_digest = folder.write(recent);
    keep("new");
    const auto put = [&](const std::string& name) {
        std::filesystem::create_hard_link(folder.directory() / name, folder.directory() / "next");
        std::filesystem::rename(folder.directory() / "next", folder.path());
    };
    folder.stamp(recent, digest);
    put("old");

    std::atomic<int> looks = 0;
    std::atomic<bool> done = false;
    const auto let_two_looks_pass = [&] {
        for (const int now = looks; looks < now + 2;) std::this_thread::yield();
    };
    std::thread writer([&] {
        for (int round = 0; round < 60; ++round) {
            put("new");
            folder.stamp(recent, new_digest);
            let_two_looks_pass();
            folder.stamp(recent, digest);
            put("old");
            let_two_looks_pass();
        }
        done = true;
    });
    int seen_as_old = 0;
    for (; !done; ++looks)
        if (age() != 0s) ++seen_as_old;
    writer.join();
    LONGS_EQUAL(0, seen_as_old);
}
