// SPDX-License-Identifier: Apache-2.0
#include "role_server/server/deliveries.h"

#include <CppUTest/TestHarness.h>

#include <boost/asio/post.hpp>

using std::chrono::microseconds;
using together::roled::Deliveries;
namespace http = together::http;

namespace {

using Time = std::chrono::steady_clock::time_point;

// Sending it an answer takes so long.
struct FakeAsker : http::Asker {
    FakeAsker(Time& now, microseconds takes, std::size_t& answered)
        : now_(now), takes_(takes), answered_(answered) {}
    void on_answer(const std::shared_ptr<const http::Response>&) override {
        now_ += takes_;
        ++answered_;
    }
    void on_parked(http::Ticket, std::chrono::seconds, bool) override {}

    Time& now_;
    const microseconds takes_;
    std::size_t& answered_;
};

}  // namespace

TEST_GROUP(DeliveriesTest) {
    boost::asio::io_context io{1};
    Time now{};
    Deliveries deliveries{io, [this] { return now; }};
    std::size_t answered = 0;
    std::size_t delivered = 0;

    void deliver(std::size_t askers, microseconds each) {
        Deliveries::Askers all;
        for (std::size_t i = 0; i < askers; ++i)
            all.push_back(std::make_shared<FakeAsker>(now, each, answered));
        deliveries.add(std::make_shared<http::Response>(), std::move(all), [this] { ++delivered; });
    }
    // How many are answered before somebody who comes now is heard.
    std::size_t answered_before_another() {
        std::size_t heard_after = 0;
        const auto before = answered;
        boost::asio::post(io, [&] { heard_after = answered - before; });
        io.run_one();  // the turn that waits already
        io.run_one();
        return heard_after;
    }
};

TEST(DeliveriesTest, a_turn_is_over_when_its_time_is) {
    deliver(1000, Deliveries::turn / 3);
    LONGS_EQUAL(3, answered);
    LONGS_EQUAL(3, answered_before_another());
}

TEST(DeliveriesTest, who_comes_waits_for_one_answer_that_takes_long) {
    deliver(1000, Deliveries::turn * 10);
    LONGS_EQUAL(1, answered);
    LONGS_EQUAL(1, answered_before_another());
}

TEST(DeliveriesTest, a_second_crowd_makes_no_turn_longer) {
    deliver(1000, Deliveries::turn / 3);
    deliver(1000, Deliveries::turn / 3);
    LONGS_EQUAL(3, answered_before_another());
}

// Else whoever asks a lot would keep the news from everybody.
TEST(DeliveriesTest, others_have_four_fifths_of_the_time_at_most) {
    deliver(1000, Deliveries::turn / 3);
    LONGS_EQUAL(3, answered);
    now += 80 * Deliveries::turn;
    LONGS_EQUAL(60, answered_before_another());
    now += 2 * Deliveries::turn;
    LONGS_EQUAL(3, answered_before_another());
}

// The time before was nobody's.
TEST(DeliveriesTest, a_first_turn_is_as_short_as_any) {
    now += std::chrono::hours(1);
    deliver(1000, Deliveries::turn / 3);
    LONGS_EQUAL(3, answered);
}

TEST(DeliveriesTest, all_are_answered_and_then_it_is_over) {
    deliver(100, Deliveries::turn / 3);
    deliver(50, Deliveries::turn * 2);
    LONGS_EQUAL(0, delivered);
    io.run();
    LONGS_EQUAL(150, answered);
    LONGS_EQUAL(2, delivered);
}

TEST(DeliveriesTest, one_does_not_wait_for_a_crowd) {
    deliver(1000, Deliveries::turn);
    deliver(1, Deliveries::turn);
    LONGS_EQUAL(2, answered);
    LONGS_EQUAL(1, delivered);
}

TEST(DeliveriesTest, to_nobody_there_is_nothing_to_do) {
    deliver(0, Deliveries::turn);
    LONGS_EQUAL(0, io.run());
    LONGS_EQUAL(0, delivered);
}
