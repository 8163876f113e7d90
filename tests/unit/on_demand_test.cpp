// SPDX-License-Identifier: Apache-2.0
// Refreshing on demand: who may, what is executed, and what a failure leaves behind.
#include "common/on_demand/on_demand.h"

#include <CppUTest/TestHarness.h>
#include <sys/stat.h>

#include "common/roster/backoff.h"
#include "tests/unit/support/on_demand_test.h"

using namespace together;
using namespace std::chrono_literals;

struct MayRefreshGroup : Utest {
    static bool with(uid_t real, uid_t effective, uid_t saved) {
        return holds_in_a_child(
            [&] { return ::setresuid(real, effective, saved) == 0 && may_refresh(); });
    }
    void setup() override { needs_root(); }
};

TEST_GROUP_BASE(may_refresh, MayRefreshGroup){};

TEST(may_refresh, needs_all_three_uids_to_be_roots) {
    CHECK_TRUE(with(0, 0, 0));
    CHECK_FALSE(with(nobody, 0, 0));
    CHECK_FALSE(with(0, nobody, 0));
    CHECK_FALSE(with(0, 0, nobody));
    CHECK_FALSE(with(nobody, nobody, 0));
    CHECK_FALSE(with(nobody, nobody, nobody));
}

struct OnDemandGroup : OnDemandTest {
    void setup() override { needs_root(); }
    void teardown() override { CHECK_TRUE(no_child_is_left()); }
};

TEST_GROUP_BASE(on_demand, OnDemandGroup){};

TEST(on_demand, executes_the_helper_for_this_configuration) {
    make_helper(install_newer());
    CHECK_TRUE(brings_a_newer_one());
    TEXT_EQUAL("--config " + config.path + " --on-demand\n", read_file(file("runs")));
}

TEST(on_demand, touches_nothing_for_who_may_not) {
    make_helper(install_newer());
    CHECK_TRUE(holds_in_a_child([&] {
        return ::setresuid(nobody, 0, 0) == 0 &&
               refresh().outcome == RefreshAttempt::Outcome::not_permitted;
    }));
    LONGS_EQUAL(0, runs());
    CHECK_FALSE(exists(roster.paths().lock()));
}

TEST(on_demand, asks_where_there_is_no_roster) {
    std::filesystem::remove(roster.path());
    seen.reset();
    make_helper(install_newer());
    CHECK_TRUE(brings_a_newer_one());
    LONGS_EQUAL(1, runs());
}

TEST(on_demand, is_content_with_what_somebody_else_brought) {
    make_helper("");
    std::filesystem::rename(file("newer"), roster.path());
    CHECK_TRUE(brings_a_newer_one());
    LONGS_EQUAL(0, runs());
}

TEST(on_demand, is_content_with_a_stamp_that_somebody_else_brought) {
    make_helper("");
    roster.stamp(clock.now(), roster.open()->header().digest);
    CHECK_TRUE(brings_a_newer_one());
    LONGS_EQUAL(0, runs());
}

TEST(on_demand, concludes_nothing_from_an_exit_status) {
    make_helper("exit 0");
    TEXT_CONTAINS("ended without a new roster", refresh().problem);
    TEXT_CONTAINS("is the disk full?", refresh().problem);  // or there would be a record
    make_helper(install_newer() + "\nexit 75");
    CHECK_TRUE(brings_a_newer_one());
}

TEST(on_demand, says_why_its_folder_cannot_be_used) {
    make_helper("exit 75");
    const std::string folder = config.directory;
    LONGS_EQUAL(0, ::chmod(folder.c_str(), 0777));
    TEXT_CONTAINS(folder + " can be written by others than its owner", refresh().problem);
    LONGS_EQUAL(0, ::chmod(folder.c_str(), 0755));
    config.directory = file("runs");
    TEXT_CONTAINS(file("runs") + " is not a folder", refresh().problem);
    config.directory = file("missing") + "/cache";
    TEXT_CONTAINS("cannot make " + file("missing") + "/cache: No such file", refresh().problem);
    LONGS_EQUAL(1, runs());
}

TEST(on_demand, tells_what_the_helper_left_as_its_last_attempt) {
    make_helper(install_last_attempt() + "\nexit 75");
    TEXT_EQUAL("api.example.com did not answer", refresh().problem);
}

TEST(on_demand, holds_back_until_the_back_off_has_passed) {
    make_helper(install_last_attempt() + "\nexit 75");
    refresh();
    LONGS_EQUAL(1, runs());
    clock.tick(3s);
    TEXT_EQUAL("not asked again for another 1.0s after: api.example.com did not answer",
               refresh().problem);
    LONGS_EQUAL(1, runs());
    clock.tick(1s);
    make_helper(install_newer());
    refresh();
    LONGS_EQUAL(2, runs());
}

TEST(on_demand, is_held_back_by_no_last_attempt_that_is_not_roots) {
    make_helper(install_newer());
    std::filesystem::copy_file(file("failed.attempt"), roster.paths().last_attempt());
    CHECK_EQUAL(0, ::chown(roster.paths().last_attempt().c_str(), nobody, nobody));
    CHECK_TRUE(brings_a_newer_one());
}

TEST(on_demand, is_held_back_by_no_last_attempt_that_is_damaged) {
    make_helper(install_newer());
    write_file(roster.paths().last_attempt(), read_file(file("failed.attempt")).substr(0, 511));
    CHECK_TRUE(brings_a_newer_one());
}

TEST(on_demand, names_a_helper_that_cannot_be_executed) {
    TEXT_EQUAL("cannot execute " + file("helper") + ": No such file or directory",
               refresh().problem);
    // Our own errors hold nobody back.
    CHECK_FALSE(exists(roster.paths().last_attempt()));
    make_helper(install_newer());
    CHECK_TRUE(brings_a_newer_one());
}

TEST(on_demand, makes_the_folder_of_a_node_where_nothing_has_run_yet) {
    config.directory = file("first");
    make_helper("exit 75");
    const auto umask = ::umask(077);
    TEXT_CONTAINS("ended without a new roster", refresh().problem);
    ::umask(umask);
    LONGS_EQUAL(1, runs());
    struct stat status {};
    LONGS_EQUAL(0, ::stat(config.directory.c_str(), &status));
    LONGS_EQUAL(0755, status.st_mode & 07777);
}

TEST(on_demand, names_a_folder_that_is_missing) {
    config.directory = "/nonexistent/together";
    make_helper("");
    TEXT_CONTAINS("cannot make /nonexistent/together: No such file", refresh().problem);
    LONGS_EQUAL(0, runs());
}

TEST(on_demand, names_a_lock_that_others_could_hold) {
    write_file(roster.paths().lock(), "", 0666);
    make_helper("");
    TEXT_CONTAINS("is open to others", refresh().problem);
    LONGS_EQUAL(0, runs());
}

TEST(on_demand, kills_a_helper_that_hangs_and_leaves_its_last_attempt) {
    config.deadline = 300ms;
    make_helper("trap '' TERM\nexec sleep 60");
    CHECK_TRUE(takes(300ms, 500ms, [&] {
        std::filesystem::remove(roster.paths().last_attempt());
        TEXT_EQUAL("together-refresh did not end within 300ms", refresh().problem);
        CHECK_TRUE(no_child_is_left());
    }));
    const auto attempt = read_last_attempt(roster.paths());
    CHECK_TRUE(attempt.has_value());
    LONGS_EQUAL(1, attempt->failures);
    CHECK_TRUE(attempt->outcome == RefreshOutcome::no_answer);
    TEXT_EQUAL("together-refresh did not end within 300ms", attempt->message);
    CHECK_TRUE(time_left(*attempt, clock.now()) >= 500ms);
    CHECK_TRUE(time_left(*attempt, clock.now()) <= 1s);
}

TEST(on_demand, waits_for_no_helper_while_the_back_off_of_a_killed_one_holds) {
    config.deadline = 300ms;
    make_helper("exec sleep 60");
    refresh();
    CHECK_TRUE(takes(0ms, 100ms,
                     [&] { TEXT_CONTAINS("not asked again for another ", refresh().problem); }));
    LONGS_EQUAL(1, read_last_attempt(roster.paths())->failures);
    clock.tick(1s);
    refresh();
    LONGS_EQUAL(2, read_last_attempt(roster.paths())->failures);
}

TEST(on_demand, holds_back_for_5_seconds_at_most_where_no_roster_can_decide) {
    config.deadline = 100ms;
    make_helper("exec sleep 60");
    const auto max_hold = [&] {
        LastAttempt attempt;
        attempt.attempted = seen.value_or(Moment{});
        attempt.failures = 50;
        CHECK_TRUE(write_last_attempt(roster.paths(), attempt).has_value());
        refresh();
        return time_left(*read_last_attempt(roster.paths()), clock.now());
    };
    CHECK_TRUE(max_hold() >= 30s);
    config.stale_for = 10min;  // the roster is an hour old
    CHECK_TRUE(max_hold() <= 5s);
    config.stale_for.reset();
    CHECK_TRUE(max_hold() >= 30s);
    std::filesystem::remove(roster.path());
    CHECK_TRUE(max_hold() <= 5s);
}

TEST(on_demand, leaves_a_node_fault_as_it_is_when_a_helper_is_late) {
    config.deadline = 100ms;
    make_helper("exec sleep 60");
    LastAttempt last;
    last.attempted = clock.now();
    last.outcome = RefreshOutcome::node_fault;
    last.message = "no room";
    CHECK_TRUE(write_last_attempt(roster.paths(), last).has_value());
    const auto attempt = refresh();
    CHECK_TRUE(attempt.node_fault);
    TEXT_EQUAL("no room", attempt.problem);
    CHECK_TRUE(read_last_attempt(roster.paths())->attempted == last.attempted);
    clock.tick(16min);
    CHECK_FALSE(refresh().node_fault);
    TEXT_CONTAINS("did not end within", read_last_attempt(roster.paths())->message);
}

TEST(on_demand, takes_a_helper_that_says_nothing_for_a_node_fault) {
    make_helper("exit 75");
    CHECK_TRUE(refresh().node_fault);
    // What an earlier one said is not its word.
    write_file(roster.paths().last_attempt(), read_file(file("failed.attempt")));
    clock.tick(1min);
    CHECK_TRUE(refresh().node_fault);
    LONGS_EQUAL(2, runs());
}

TEST(on_demand, takes_a_last_attempt_that_cannot_be_written_for_a_node_fault) {
    config.deadline = 100ms;
    make_helper("exec sleep 60");
    std::filesystem::create_directory(roster.paths().last_attempt());
    CHECK_TRUE(refresh().node_fault);
}

TEST(on_demand, leaves_no_descriptor) {
    make_helper("");
    const auto before = open_descriptors();
    refresh();
    CHECK_TRUE(open_descriptors() == before);
}
