// SPDX-License-Identifier: Apache-2.0
// A roster an hour old, a helper that is a shell script, and one that asks it for a newer one.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include "common/on_demand/on_demand.h"
#include "common/roster/last_attempt.h"
#include "tests/unit/support/fake_clock.h"
#include "tests/unit/support/helpers.h"
#include "tests/unit/support/processes.h"
#include "tests/unit/support/roster_folder.h"
#include "tests/unit/support/texts.h"

struct OnDemandTest : Utest {
    OnDemandTest() {
        config.refresh_program = file("helper");
        config.deadline = std::chrono::seconds(30);  // nobody waits for it but where a test says so
        // What a helper can install: a newer roster, and the last attempt of a failure.
        together::LastAttempt attempt;
        clock.tick(std::chrono::hours(1));
        attempt.attempted = clock.now();
        attempt.not_before = std::chrono::seconds(4);
        attempt.outcome = together::RefreshOutcome::no_answer;
        attempt.message = "api.example.com did not answer";
        write_file(file("failed.attempt"), together::encode_last_attempt(attempt));
        roster.write(clock.now());
        std::filesystem::rename(roster.path(), file("newer"));
        seen = FakeClock().now();
        roster.write(*seen);
    }

    std::string file(const std::string& name) const { return roster.directory() / name; }
    // Each execution leaves a line in "runs" before it does anything else.
    void make_helper(const std::string& body) const {
        make_script(file("helper"), "echo \"$@\" >>" + file("runs") + "\n" + body);
    }
    std::string install_newer() const {
        return "ln " + file("newer") + " " + file("next") + "\nmv " + file("next") + " " +
               roster.path();
    }
    std::string install_last_attempt() const {
        return "cp " + file("failed.attempt") + " " + roster.paths().last_attempt();
    }
    long runs() const {
        const auto text = read_file(file("runs"));
        return std::count(text.begin(), text.end(), '\n');
    }
    together::RefreshAttempt refresh() {
        return together::OnDemandRefresher(clock).refresh(config, seen);
    }
    bool brings_a_newer_one() {
        const auto attempt = refresh();
        const auto now = together::open_roster(config, clock.now());
        return attempt.outcome == together::RefreshAttempt::Outcome::tried &&
               attempt.problem.empty() && now && now->validated == clock.now();
    }

    RosterFolder roster;
    together::Config& config = roster.config;
    FakeClock clock;
    std::optional<together::Moment> seen;  // by the caller, who wants a newer one
};
