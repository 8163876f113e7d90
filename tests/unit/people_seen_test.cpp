// SPDX-License-Identifier: Apache-2.0
// Whom the authority is told of: once an hour a person, in one report a minute, however long it is
// away.
#include "together_refresh/count/people_seen.h"

#include <CppUTest/TestHarness.h>

#include "tests/unit/support/fake_clock.h"
#include "tests/unit/support/texts.h"
#include "together_refresh/count/last_seen_reporter.h"

using namespace together;
using namespace std::chrono_literals;

struct PeopleSeenGroup : Utest {
    FakeClock clock;
    PeopleSeen people{5s};

    Nanoseconds now() { return Nanoseconds(clock.now().boottime); }
    void see(const std::string& login, const std::string& door = "ssh") {
        people.add(login, {"user_" + login, door, clock.now().realtime / 1'000'000'000}, now());
    }
    // Whom a report names that is due by now.
    std::string due() {
        std::string text;
        for (const auto& one : people.due(now())) text += one.user_id + "/" + one.door + " ";
        return text;
    }
    void tell(const std::string& expected) {
        TEXT_EQUAL(expected, due());
        people.delivered(now());
    }
};

TEST_GROUP_BASE(people_seen, PeopleSeenGroup){};

TEST(people_seen, those_of_some_seconds_are_told_of_together_each_at_the_door_of_last) {
    see("alice");
    see("bob");
    clock.tick(4s);
    TEXT_EQUAL("", due());
    see("alice", "sudo");
    clock.tick(1s);
    tell("user_alice/sudo user_bob/ssh ");
    TEXT_EQUAL("", due());
}

TEST(people_seen, a_person_is_told_of_once_an_hour) {
    see("alice");
    clock.tick(5s);
    tell("user_alice/ssh ");
    clock.tick(1h - 1ns);
    see("alice");
    CHECK_FALSE(people.wants("alice", now()));
    clock.tick(1min);
    TEXT_EQUAL("", due());
    see("alice");
    clock.tick(5s);
    tell("user_alice/ssh ");
}

TEST(people_seen, a_report_is_sent_once_a_minute) {
    see("alice");
    clock.tick(5s);
    tell("user_alice/ssh ");
    see("bob");
    clock.tick(1min - 1ns);
    TEXT_EQUAL("", due());
    clock.tick(1ns);
    tell("user_bob/ssh ");
}

TEST(people_seen, a_report_has_so_many_people_and_the_others_are_in_the_next) {
    for (int i = 0; i < 250; ++i) see("p" + std::to_string(i));
    clock.tick(5s);
    LONGS_EQUAL(max_people_told, people.due(now()).size());
    people.delivered(now());
    clock.tick(1min);
    LONGS_EQUAL(50, people.due(now()).size());
}

TEST(people_seen, no_second_report_while_one_is_under_way) {
    see("alice");
    clock.tick(5s);
    CHECK_FALSE(people.due(now()).empty());
    see("bob");
    clock.tick(10min);
    TEXT_EQUAL("", due());
}

TEST(people_seen, they_wait_while_the_authority_is_away_and_for_longer_each_time) {
    see("alice");
    clock.tick(5s);
    for (const auto delay : {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s}) {
        TEXT_EQUAL("user_alice/ssh ", due());
        people.failed(now(), std::nullopt, 1);
        clock.tick(delay - 1ns);
        TEXT_EQUAL("", due());
        clock.tick(1ns);
    }
    tell("user_alice/ssh ");
}

TEST(people_seen, an_authority_that_says_when_is_not_asked_before) {
    see("alice");
    clock.tick(5s);
    CHECK_FALSE(people.due(now()).empty());
    people.failed(now(), 1h, 1);
    clock.tick(1h - 1ns);
    see("bob");
    TEXT_EQUAL("", due());
    clock.tick(1ns);
    tell("user_alice/ssh user_bob/ssh ");
}

TEST(people_seen, a_thousand_wait_at_most_and_no_more) {
    for (std::size_t i = 0; i < PeopleSeen::max_waiting; ++i) see("p" + std::to_string(i));
    CHECK_FALSE(people.wants("late", now()));
    CHECK_TRUE(people.wants("p7", now()));
    see("late");
    clock.tick(5s);
    for (std::size_t told = 0; told < PeopleSeen::max_waiting; told += max_people_told) {
        LONGS_EQUAL(max_people_told, people.due(now()).size());
        people.delivered(now());
        clock.tick(1min);
    }
    TEXT_EQUAL("", due());
}

TEST(people_seen, a_door_is_what_people_call_it) {
    TEXT_EQUAL("ssh", door_of("sshd", "ssh.login"));
    TEXT_EQUAL("slurm", door_of("slurmctld", "slurm.submit"));
    TEXT_EQUAL("slurm", door_of("slurmstepd", "slurm.submit"));
    TEXT_EQUAL("sudo", door_of("sudo", "ssh.login"));
    for (const auto& service : {std::string("-"), std::string("a b"), std::string(33, 'a')})
        TEXT_EQUAL("ssh.login", door_of(service, "ssh.login"));
}
