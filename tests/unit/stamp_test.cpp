// SPDX-License-Identifier: Apache-2.0
// When a roster was validated, and how old it is now.
#include "common/roster/stamp.h"

#include <CppUTest/TestHarness.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "tests/unit/support/fake_clock.h"

using namespace together;
using namespace std::chrono_literals;

TEST_GROUP(stamp) {
    FakeClock clock;
    Stamp stamp;

    void setup() override {
        stamp.validated = clock.now();
        for (std::size_t i = 0; i < stamp.digest.size(); ++i)
            stamp.digest[i] = static_cast<std::uint8_t>(i * 17);
    }
};

TEST(stamp, has_64_bytes) {
    LONGS_EQUAL(64, encode_stamp(stamp).size());
}

TEST(stamp, is_read_as_it_was_written) {
    const auto bytes = encode_stamp(stamp);
    CHECK_TRUE(decode_stamp(bytes) == stamp);
    CHECK_TRUE(decode_stamp(encode_stamp(Stamp{})) == Stamp{});
}

TEST(stamp, is_refused_with_any_bit_flipped) {
    const auto bytes = encode_stamp(stamp);
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
        auto damaged = bytes;
        damaged[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
        CHECK_FALSE(decode_stamp(damaged).has_value());
    }
}

TEST(stamp, is_refused_when_it_is_cut_or_followed_by_more) {
    const auto bytes = encode_stamp(stamp);
    for (std::size_t size = 0; size < bytes.size(); ++size)
        CHECK_FALSE(decode_stamp(std::span(bytes).first(size)).has_value());
    std::vector<std::byte> longer(bytes.begin(), bytes.end());
    longer.push_back({});
    CHECK_FALSE(decode_stamp(longer).has_value());
}

TEST(stamp, is_refused_when_it_is_empty_space_of_a_disk) {
    StampBytes bytes{};
    CHECK_FALSE(decode_stamp(bytes).has_value());
    std::fill(bytes.begin(), bytes.end(), std::byte{0xff});
    CHECK_FALSE(decode_stamp(bytes).has_value());
}

// Overwritten in place: a crash may leave the first part of the new one and the rest of the old.
TEST(stamp, is_refused_where_two_were_mixed) {
    const auto older = encode_stamp(stamp);
    stamp.validated.boottime += 1;
    stamp.validated.realtime += 1;
    const auto newer = encode_stamp(stamp);
    for (std::size_t cut = 1; cut < newer.size(); ++cut) {
        auto mixed = older;
        std::copy_n(newer.begin(), cut, mixed.begin());
        const auto decoded = decode_stamp(mixed);
        CHECK_TRUE(!decoded || mixed == newer || mixed == older);
    }
}

TEST_GROUP(age) {
    FakeClock clock;
    static constexpr Nanoseconds fresh_for = 30s;

    Age seen_from_now(const Moment& validated) {
        return age_of(validated, clock.now(), fresh_for);
    }
};

TEST(age, is_the_time_since_the_validation) {
    const auto validated = clock.now();
    CHECK_TRUE(seen_from_now(validated).value == 0s);
    clock.tick(47s);
    CHECK_TRUE(seen_from_now(validated).value == 47s);
    CHECK_FALSE(seen_from_now(validated).uncertain);
}

TEST(age, is_not_changed_by_a_step_of_the_wall_clock) {
    const auto validated = clock.now();
    clock.tick(5s);
    for (const auto step : {Nanoseconds(24h), Nanoseconds(-48h), Nanoseconds(1h)}) {
        clock.step(step);
        CHECK_TRUE(seen_from_now(validated).value == 5s);
        CHECK_FALSE(seen_from_now(validated).uncertain);
    }
}

TEST(age, is_by_wall_clock_after_another_boot) {
    const auto validated = clock.now();
    clock.tick(10min);
    clock.reboot();
    CHECK_TRUE(seen_from_now(validated).value == 10min);
}

TEST(age, is_by_wall_clock_in_another_time_namespace) {
    const auto validated = clock.now();
    clock.tick(10min);
    clock.enter_time_namespace(-24h * 365);
    CHECK_TRUE(seen_from_now(validated).value == 10min);
    CHECK_FALSE(seen_from_now(validated).uncertain);
}

TEST(age, is_by_wall_clock_where_the_boot_is_not_known) {
    clock.lose_the_boot_id();
    const auto validated = clock.now();
    clock.tick(1s);
    clock.step(1h);
    CHECK_TRUE(seen_from_now(validated).value == 1h + 1s);
}

TEST(age, of_a_stamp_from_the_future_is_just_over_fresh_for_and_uncertain) {
    const auto validated = clock.now();
    clock.reboot();
    clock.step(-1ns);
    CHECK_TRUE(seen_from_now(validated).value == fresh_for + 1ns);
    CHECK_TRUE(seen_from_now(validated).uncertain);
    clock.step(-24h * 365);
    CHECK_TRUE(seen_from_now(validated).value == fresh_for + 1ns);
    clock.step(24h * 365 + 1ns);
    CHECK_TRUE(seen_from_now(validated).value == 0s);
    CHECK_FALSE(seen_from_now(validated).uncertain);
}

TEST(age, of_a_stamp_from_the_future_of_one_boot_is_uncertain_too) {
    auto validated = clock.now();
    validated.boottime += 1;
    CHECK_TRUE(seen_from_now(validated).uncertain);
}

TEST_GROUP(system_clock){};

TEST(system_clock, knows_boot_and_time_namespace_and_goes_on) {
    SystemClock clock;
    const auto first = clock.now();
    const auto second = clock.now();
    CHECK_TRUE(same_timeline(first, second));
    CHECK_TRUE(first.boot_id != decltype(first.boot_id){});
    CHECK_TRUE(elapsed(first, second) >= 0ns);
    CHECK_TRUE(elapsed(first, second) < 10s);
    CHECK_TRUE(first.realtime > std::int64_t{1'700'000'000} * 1'000'000'000);
}

// A moment as another timeline would have written it.
static Moment of_another_timeline(Moment moment) {
    moment.boot_id[0] ^= 1;
    moment.time_namespace += 1;
    return moment;
}

TEST(system_clock, need_not_know_the_timeline_where_both_clocks_tell_the_same) {
    SystemClock clock;
    const auto then = of_another_timeline(earlier(clock.now(), 1h));
    const auto now = clock.now_seen_from(then);
    CHECK_TRUE(same_timeline(then, now));
    CHECK_TRUE(elapsed(then, now) >= 1h);
    CHECK_TRUE(elapsed(then, now) < 1h + 10s);
}

TEST(system_clock, goes_by_the_wall_clock_where_another_boot_s_clock_tells_otherwise) {
    SystemClock clock;
    for (const auto& off : {-1h, -1h * 24 * 365, 1h, 1h * 24 * 365}) {
        auto then = of_another_timeline(earlier(clock.now(), 1h));
        then.boottime += Nanoseconds(off).count();
        const auto now = clock.now_seen_from(then);
        CHECK_FALSE(same_timeline(then, now));
        CHECK_TRUE(elapsed(then, now) >= 1h);
        CHECK_TRUE(elapsed(then, now) < 1h + 10s);
    }
}

TEST(system_clock, goes_by_boottime_where_the_wall_clock_was_set) {
    SystemClock clock;
    for (const auto& off : {-7'200'000ms, -100ms, 100ms, 7'200'000ms}) {
        auto then = earlier(clock.now(), 1h);
        then.realtime += Nanoseconds(off).count();
        const auto now = clock.now_seen_from(then);
        CHECK_TRUE(same_timeline(then, now));
        CHECK_TRUE(elapsed(then, now) >= 1h);
        CHECK_TRUE(elapsed(then, now) < 1h + 10s);
    }
}

TEST(system_clock, knows_the_boot_of_a_stamp_from_the_future) {
    SystemClock clock;
    const auto future = of_another_timeline(earlier(clock.now(), -1h));
    CHECK_FALSE(same_timeline(future, clock.now_seen_from(future)));
    auto wild = future;
    wild.boottime = std::numeric_limits<std::int64_t>::min();
    wild.realtime = std::numeric_limits<std::int64_t>::max();
    CHECK_FALSE(same_timeline(wild, clock.now_seen_from(wild)));
}
