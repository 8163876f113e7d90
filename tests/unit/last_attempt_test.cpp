// SPDX-License-Identifier: Apache-2.0
// The record of the last attempt to refresh, and how long nobody asks again after a failed one.
#include "common/roster/last_attempt.h"

#include <CppUTest/TestHarness.h>
#include <sys/stat.h>

#include <cstdint>

#include "common/roster/backoff.h"
#include "common/system/random.h"
#include "tests/unit/support/fake_clock.h"
#include "tests/unit/support/files.h"
#include "tests/unit/support/processes.h"
#include "tests/unit/support/temporary_directory.h"
#include "tests/unit/support/texts.h"

using namespace together;
using namespace std::chrono_literals;

namespace {

bool equal(const LastAttempt& a, const LastAttempt& b) {
    return a.attempted == b.attempted && a.not_before == b.not_before && a.failures == b.failures &&
           a.outcome == b.outcome && a.request_id == b.request_id && a.message == b.message;
}

}  // namespace

TEST_GROUP(last_attempt) {
    FakeClock clock;
    TemporaryDirectory directory;
    Config config;
    LastAttempt attempt;

    void setup() override {
        config.directory = directory.path();
        config.project = "proj_a";
        attempt.attempted = clock.now();
        attempt.not_before = 4s;
        attempt.failures = 3;
        attempt.outcome = RefreshOutcome::no_answer;
        attempt.request_id = "req-1";
        attempt.message = "the authority did not answer";
    }
    RosterPaths paths() const {
        return RosterPaths(config);
    }
};

TEST(last_attempt, has_512_bytes_and_is_read_as_it_was_written) {
    const auto bytes = encode_last_attempt(attempt);
    LONGS_EQUAL(512, bytes.size());
    CHECK_TRUE(equal(*decode_last_attempt(bytes), attempt));
}

TEST(last_attempt, is_refused_with_any_bit_flipped) {
    const auto bytes = encode_last_attempt(attempt);
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
        auto damaged = bytes;
        damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
        CHECK_FALSE(decode_last_attempt(damaged).has_value());
    }
}

TEST(last_attempt, is_refused_when_it_is_cut_or_followed_by_more) {
    const auto bytes = encode_last_attempt(attempt);
    for (std::size_t size = 0; size < bytes.size(); ++size)
        CHECK_FALSE(decode_last_attempt(std::string_view(bytes).substr(0, size)).has_value());
    CHECK_FALSE(decode_last_attempt(bytes + '\0').has_value());
    CHECK_FALSE(decode_last_attempt(std::string(512, '\0')).has_value());
}

TEST(last_attempt, cuts_what_is_too_long) {
    attempt.message = std::string(1000, 'm');
    attempt.request_id = std::string(1000, 'r');
    const auto read = decode_last_attempt(encode_last_attempt(attempt));
    CHECK_TRUE(read->message.size() >= 300);
    CHECK_TRUE(attempt.message.starts_with(read->message));
    LONGS_EQUAL(127, read->request_id.size());
}

TEST(last_attempt, is_written_and_read_in_its_file) {
    CHECK_FALSE(read_last_attempt(paths()).has_value());
    CHECK_TRUE(write_last_attempt(paths(), attempt).has_value());
    CHECK_TRUE(equal(*read_last_attempt(paths()), attempt));
    LONGS_EQUAL(0644, std::filesystem::status(paths().last_attempt()).permissions());
    attempt.outcome = RefreshOutcome::valid;
    CHECK_TRUE(write_last_attempt(paths(), attempt).has_value());
    CHECK_TRUE(equal(*read_last_attempt(paths()), attempt));
}

TEST(last_attempt, is_readable_whatever_the_umask) {
    const auto before = ::umask(0777);
    CHECK_TRUE(write_last_attempt(paths(), attempt).has_value());
    ::umask(before);
    LONGS_EQUAL(0644, std::filesystem::status(paths().last_attempt()).permissions());
}

TEST(last_attempt, of_another_owner_counts_as_none) {
    needs_root();
    CHECK_TRUE(write_last_attempt(paths(), attempt).has_value());
    CHECK_EQUAL(0, ::chown(paths().last_attempt().c_str(), nobody, nobody));
    CHECK_FALSE(read_last_attempt(paths()).has_value());
}

TEST(last_attempt, that_others_can_write_counts_as_none) {
    CHECK_TRUE(write_last_attempt(paths(), attempt).has_value());
    ::chmod(paths().last_attempt().c_str(), 0666);
    CHECK_FALSE(read_last_attempt(paths()).has_value());
}

TEST(last_attempt, replaces_a_longer_file_whole) {
    write_file(paths().last_attempt(), std::string(5000, 'x'));
    CHECK_FALSE(read_last_attempt(paths()).has_value());
    CHECK_TRUE(write_last_attempt(paths(), attempt).has_value());
    LONGS_EQUAL(512, std::filesystem::file_size(paths().last_attempt()));
    CHECK_TRUE(read_last_attempt(paths()).has_value());
}

TEST(last_attempt, is_not_written_through_a_link_or_into_a_fifo) {
    write_file(directory / "victim", "untouched");
    std::filesystem::create_symlink(directory / "victim", paths().last_attempt());
    CHECK_FALSE(write_last_attempt(paths(), attempt).has_value());
    TEXT_EQUAL("untouched", read_file(directory / "victim"));
    CHECK_FALSE(read_last_attempt(paths()).has_value());
    std::filesystem::remove(paths().last_attempt());
    CHECK_EQUAL(0, ::mkfifo(paths().last_attempt().c_str(), 0644));
    CHECK_FALSE(write_last_attempt(paths(), attempt).has_value());
    CHECK_FALSE(read_last_attempt(paths()).has_value());
}

TEST(last_attempt, holds_back_until_its_time_has_passed) {
    CHECK_TRUE(time_left(attempt, clock.now()) == 4s);
    clock.tick(1s);
    CHECK_TRUE(time_left(attempt, clock.now()) == 3s);
    clock.tick(3s - 1ns);
    CHECK_TRUE(time_left(attempt, clock.now()) == 1ns);
    clock.tick(1ns);
    CHECK_TRUE(time_left(attempt, clock.now()) == 0s);
    clock.tick(1h);
    CHECK_TRUE(time_left(attempt, clock.now()) == 0s);
}

TEST(last_attempt, holds_back_whatever_the_wall_clock_does) {
    clock.tick(1s);
    clock.step(24h);
    CHECK_TRUE(time_left(attempt, clock.now()) == 3s);
    clock.step(-48h);
    CHECK_TRUE(time_left(attempt, clock.now()) == 3s);
}

TEST(last_attempt, from_the_future_holds_nobody_back) {
    clock.reboot();
    clock.step(-1s);
    CHECK_TRUE(time_left(attempt, clock.now()) == 0s);
}

TEST(last_attempt, of_an_earlier_boot_holds_back_by_wall_clock) {
    clock.tick(1s);
    clock.reboot();
    CHECK_TRUE(time_left(attempt, clock.now()) == 3s);
}

TEST_GROUP(delay_after_failure){};

TEST(delay_after_failure, doubles_up_to_a_minute) {
    const auto longest = [](std::uint32_t failures) {
        return delay_after_failure(failures, std::nullopt, true, 1.0);
    };
    CHECK_TRUE(longest(1) == 1s);
    CHECK_TRUE(longest(2) == 2s);
    CHECK_TRUE(longest(3) == 4s);
    CHECK_TRUE(longest(6) == 32s);
    CHECK_TRUE(longest(7) == 60s);
    CHECK_TRUE(longest(8) == 60s);
    CHECK_TRUE(longest(4'000'000'000U) == 60s);
    CHECK_TRUE(longest(0) == 1s);
}

TEST(delay_after_failure, is_5_seconds_at_most_without_a_usable_roster) {
    CHECK_TRUE(delay_after_failure(1, std::nullopt, false, 1.0) == 1s);
    CHECK_TRUE(delay_after_failure(3, std::nullopt, false, 1.0) == 4s);
    CHECK_TRUE(delay_after_failure(4, std::nullopt, false, 1.0) == 5s);
    CHECK_TRUE(delay_after_failure(99, std::nullopt, false, 1.0) == 5s);
    CHECK_TRUE(delay_after_failure(1, 1h, false, 0.0) == 5s);
}

TEST(delay_after_failure, is_spread_from_half_to_all) {
    CHECK_TRUE(delay_after_failure(3, std::nullopt, true, 0.0) == 2s);
    CHECK_TRUE(delay_after_failure(3, std::nullopt, true, 0.5) == 3s);
    CHECK_TRUE(delay_after_failure(3, std::nullopt, true, 1.0) == 4s);
    CHECK_TRUE(delay_after_failure(99, std::nullopt, true, 0.0) == 30s);
    CHECK_TRUE(delay_after_failure(99, std::nullopt, false, 0.0) == 2500ms);
}

TEST(delay_after_failure, honours_retry_after_up_to_a_minute) {
    CHECK_TRUE(delay_after_failure(1, 20s, true, 0.0) == 20s);
    CHECK_TRUE(delay_after_failure(1, 60s, true, 0.0) == 60s);
    CHECK_TRUE(delay_after_failure(1, 61s, true, 0.0) == 60s);
    CHECK_TRUE(delay_after_failure(1, 24h, true, 1.0) == 60s);
    CHECK_TRUE(delay_after_failure(1, 0s, true, 1.0) == 1s);
    CHECK_TRUE(delay_after_failure(5, 2s, true, 1.0) == 16s);
}

TEST(delay_after_failure, takes_no_harm_from_a_negative_retry_after) {
    CHECK_TRUE(delay_after_failure(1, -5s, true, 1.0) == 1s);
}

TEST(delay_after_failure, has_a_random_fraction_from_0_to_1) {
    bool differ = false;
    const auto first = random_fraction();
    for (int i = 0; i < 100; ++i) {
        const auto fraction = random_fraction();
        CHECK_TRUE(fraction >= 0.0 && fraction <= 1.0);
        differ = differ || fraction < first || fraction > first;
    }
    CHECK_TRUE(differ);
}
