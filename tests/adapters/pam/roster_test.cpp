// SPDX-License-Identifier: Apache-2.0
// What is on the disk, how old it is, and what a refresh brings.
#include <CppUTest/TestHarness.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>

#include "common/roster/last_attempt.h"
#include "tests/adapters/pam/support/log_collector.h"
#include "tests/adapters/pam/support/node.h"
#include "tests/adapters/pam/support/pam_application.h"

using namespace together;
using namespace std::chrono_literals;

TEST_GROUP(roster) {
    LogCollector log;
    Node node;

    // The line of the decision; one about a refresh may stand before it.
    std::string decision_about(const std::string& user, int expected) {
        log.take();
        LONGS_EQUAL(expected, node.account(user));
        const auto lines = log.take();
        CHECK_FALSE(lines.empty());
        return lines.back();
    }

    void replace_snapshot(const std::string& bytes) {
        std::ofstream(node.roster_paths().snapshot, std::ios::binary | std::ios::trunc) << bytes;
    }

    std::vector<RosterEntry> entries = {collaborator("alice", 10001, "admin"),
                                        collaborator("bob", 10002)};

    Moment on_another_boot(Nanoseconds age) {
        Moment moment = ago(age);
        moment.boot_id[0] = static_cast<std::uint8_t>(~moment.boot_id[0]);
        moment.boottime = 1;
        return moment;
    }
};

TEST(roster, a_fresh_one_decides_without_asking) {
    node.refresh_by("hangs");
    node.roster(1s);
    CHECK_TRUE(has_field(decision_about("alice", PAM_SUCCESS), "evidence=fresh"));
    CHECK_TRUE(has_field(decision_about("mallory", PAM_PERM_DENIED), "evidence=fresh"));
}

TEST(roster, an_old_one_decides_within_stale_for_while_nobody_answers) {
    node.roster(8h - 10s);
    CHECK_TRUE(has_field(decision_about("alice", PAM_SUCCESS), "evidence=old"));
    CHECK_TRUE(has_field(decision_about("mallory", PAM_PERM_DENIED), "evidence=old"));
}

TEST(roster, one_beyond_stale_for_decides_nothing) {
    node.roster(8h + 1s);
    CHECK_TRUE(has_field(decision_about("alice", PAM_AUTHINFO_UNAVAIL), "reason=roster_too_old"));
    CHECK_TRUE(has_field(decision_about("mallory", PAM_AUTHINFO_UNAVAIL), "reason=roster_too_old"));
}

TEST(roster, the_age_across_boots_is_by_the_wall_clock) {
    node.roster(on_another_boot(1s), entries);
    CHECK_TRUE(has_field(decision_about("alice", PAM_SUCCESS), "evidence=fresh"));
    node.roster(on_another_boot(25h), entries);
    decision_about("alice", PAM_AUTHINFO_UNAVAIL);
}

TEST(roster, a_clock_that_steps_within_one_boot_changes_nothing) {
    for (const Nanoseconds step : {-48h, 48h}) {
        Moment moment = ago(1s);
        moment.realtime += step.count();
        node.roster(moment, entries);
        CHECK_TRUE(has_field(decision_about("alice", PAM_SUCCESS), "evidence=fresh"));
    }
}

TEST(roster, one_from_tomorrow_is_asked_for_again_and_used_meanwhile) {
    // Its age is no less than the time since boot, which is this machine's.
    node.configure({}, "stale_for = forever\n");
    node.roster(on_another_boot(-24h), entries);
    const auto line = decision_about("alice", PAM_SUCCESS);
    CHECK_TRUE(has_field(line, "age=uncertain"));
    CHECK_TRUE(has_field(line, "evidence=old"));
    node.refresh_by("refreshes");
    node.next_roster("bob 10002 member");
    decision_about("alice", PAM_PERM_DENIED);
}

// Same boot id, CLOCK_BOOTTIME a million seconds ahead.
TEST(roster, ages_in_a_time_namespace_are_by_the_wall_clock) {
    node.refresh_by("hangs");
    node.roster(1s);
    const auto report = in_another_process([&](ApplicationReport& application) {
        if (::unshare(CLONE_NEWTIME) != 0) throw std::runtime_error("no time namespace");
        std::ofstream offsets("/proc/self/timens_offsets");
        if (!(offsets << "boottime 1000000 0\n").flush()) throw std::runtime_error("no offset");
        const pid_t inside = ::fork();  // only a child enters it
        if (inside == 0) {
            timespec boottime{};
            ::clock_gettime(CLOCK_BOOTTIME, &boottime);
            application.answer = boottime.tv_sec > 1'000'000 ? node.account("alice") : -1;
            ::_exit(0);
        }
        ::waitpid(inside, nullptr, 0);
    });
    LONGS_EQUAL(PAM_SUCCESS, report.answer);
    CHECK_TRUE(has_field(log.take_one(), "evidence=fresh"));
}

TEST(roster, a_missing_one_makes_it_unavailable) {
    CHECK_TRUE(has_field(decision_about("alice", PAM_AUTHINFO_UNAVAIL), "reason=no_roster"));
    node.remove("cache");
    CHECK_TRUE(has_field(decision_about("alice", PAM_AUTHINFO_UNAVAIL), "reason=no_roster"));
}

// A flipped byte anywhere: who is on it gets in or nobody can tell, and who is not never does.
TEST(roster, a_damaged_one_never_admits_and_never_refuses_a_rightful_login) {
    node.roster();
    LastAttempt held_back;  // no helper is executed for each of the bytes
    held_back.attempted = ago(0s);
    held_back.not_before = 1h;
    CHECK_TRUE(write_last_attempt(node.roster_paths(), held_back).has_value());
    const auto whole = contents(node.roster_paths().snapshot);
    for (std::size_t i = 0; i < whole.size(); i += 11) {
        auto damaged = whole;
        damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
        replace_snapshot(damaged);
        const int rightful = node.account("alice");
        CHECK_TRUE(rightful == PAM_SUCCESS || rightful == PAM_AUTHINFO_UNAVAIL);
        const int stranger = node.account("mallory");
        CHECK_TRUE(stranger == PAM_PERM_DENIED || stranger == PAM_AUTHINFO_UNAVAIL);
        log.take();
    }
}

TEST(roster, one_cut_short_makes_it_unavailable) {
    node.roster();
    const auto whole = contents(node.roster_paths().snapshot);
    for (const std::size_t size : {std::size_t{0}, std::size_t{100}, whole.size() - 1}) {
        replace_snapshot(whole.substr(0, size));
        decision_about("alice", PAM_AUTHINFO_UNAVAIL);
        decision_about("mallory", PAM_AUTHINFO_UNAVAIL);
    }
}

TEST(roster, only_roots_own_regular_file_counts) {
    node.roster();
    const auto path = node.roster_paths().snapshot;
    std::filesystem::permissions(path, std::filesystem::perms(0666));
    decision_about("alice", PAM_AUTHINFO_UNAVAIL);
    std::filesystem::permissions(path, std::filesystem::perms(0644));
    CHECK_EQUAL(0, ::chown(path.c_str(), 10001, 0));
    decision_about("alice", PAM_AUTHINFO_UNAVAIL);
    CHECK_EQUAL(0, ::chown(path.c_str(), 0, 0));
    decision_about("alice", PAM_SUCCESS);
    std::filesystem::rename(path, path + ".elsewhere");
    std::filesystem::create_symlink(path + ".elsewhere", path);
    decision_about("alice", PAM_AUTHINFO_UNAVAIL);
    std::filesystem::remove(path);
    CHECK_EQUAL(0, ::mkfifo(path.c_str(), 0644));
    decision_about("alice", PAM_AUTHINFO_UNAVAIL);
}

TEST(roster, of_another_project_is_none) {
    node.roster();
    const auto path = node.roster_paths().snapshot;
    auto text = std::string("[api]\nbase_url = https://api.example/v1\nproject = proj_other\n") +
                "[roster]\ndirectory = " + node.path("cache") + "\nrefresh_program = /missing\n";
    node.write("together.conf", text);
    std::filesystem::rename(path, node.path("cache/proj_other.roster.v1"));
    STRCMP_CONTAINS("proj_other", decision_about("alice", PAM_AUTHINFO_UNAVAIL).c_str());
}

TEST(roster, an_added_collaborator_gets_in_at_once) {
    node.refresh_by("refreshes");
    node.roster(3s);  // older than recheck_after, younger than fresh_for
    node.next_roster("alice 10001 admin\ncarol 10003 member");
    CHECK_TRUE(has_field(decision_about("carol", PAM_SUCCESS), "evidence=refreshed"));
}

TEST(roster, a_removed_one_is_refused_after_fresh_for) {
    node.refresh_by("refreshes");
    node.next_roster("alice 10001 admin");
    node.roster(29s);
    decision_about("bob", PAM_SUCCESS);
    node.roster(31s);
    decision_about("bob", PAM_PERM_DENIED);
}

TEST(roster, the_first_login_of_all_fetches_it) {
    node.refresh_by("refreshes");
    node.next_roster("alice 10001 admin");
    CHECK_TRUE(has_field(decision_about("alice", PAM_SUCCESS), "evidence=refreshed"));
    decision_about("mallory", PAM_PERM_DENIED);
}

TEST(roster, sudo_decides_from_what_is_there_and_touches_nothing) {
    node.refresh_by("refreshes");
    node.next_roster("mallory 10004 admin");
    node.roster(60s);
    for (const char* user : {"alice", "mallory"}) {
        const auto report = in_another_process([&](ApplicationReport& application) {
            if (::setresuid(10001, 0, 0) != 0) throw std::runtime_error("setresuid");
            application.answer = node.account(user);
        });
        LONGS_EQUAL(std::string(user) == "alice" ? PAM_SUCCESS : PAM_PERM_DENIED, report.answer);
        const auto line = log.take_one();  // and nothing about waiting
        CHECK_TRUE(has_field(line, "evidence=old"));
    }
    CHECK_FALSE(std::filesystem::exists(node.roster_paths().lock()));
    CHECK_FALSE(std::filesystem::exists(node.roster_paths().last_attempt()));
}
