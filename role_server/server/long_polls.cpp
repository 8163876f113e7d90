// SPDX-License-Identifier: Apache-2.0
#include "role_server/server/long_polls.h"

#include <chrono>
#include <utility>

namespace together::roled {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds round_time{100};
constexpr std::chrono::milliseconds time_for_more{50};

}  // namespace

LongPolls::LongPolls(boost::asio::io_context& io, LongPollList::Limits limits, Look look, Tell tell)
    : list_(limits), look_(std::move(look)), tell_(std::move(tell)), round_(io), change_(io) {}

std::optional<LongPolls::Ticket> LongPolls::add(const LongPoll& poll, const Request& request,
                                                bool is_a_persons,
                                                std::shared_ptr<http::Asker> asker) {
    if (closed_) return std::nullopt;
    const auto ticket = list_.add(poll, request, is_a_persons, std::move(asker), Clock::now());
    if (!in_round_) await_round();
    return ticket;
}

void LongPolls::await_round() {
    in_round_ = true;
    round_.expires_after(round_time);
    round_.async_wait([this](const boost::system::error_code& error) {
        if (!error) round();
    });
}

// What the counter has to say is looked at in each round, the revisions only where one is not
// known.
void LongPolls::round() {
    in_round_ = false;
    tell_(list_.take_due(Clock::now()));
    if (list_.empty() || closed_) return;
    if (!looking_) look(list_.knows_too_little() ? list_.projects() : std::vector<std::string>());
    await_round();
}

void LongPolls::on_change() {
    if (list_.empty() || closed_ || std::exchange(changing_, true)) return;
    change_.expires_after(time_for_more);
    change_.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        changing_ = false;
        look_again_ = looking_;
        if (!looking_) look(list_.projects());
    });
}

void LongPolls::look(std::vector<std::string> projects) {
    looking_ = true;
    look_(std::move(projects), [this](const Looked& looked) { on_looked(looked); });
}

void LongPolls::on_looked(const Looked& looked) {
    looking_ = false;
    if (closed_) return;
    if (looked.counter && counter_ != looked.counter) {
        counter_ = looked.counter;
        on_change();
    }
    list_.compare(looked.revisions);
    tell_(list_.take_due(Clock::now()));
    if (std::exchange(look_again_, false)) look(list_.projects());
}

void LongPolls::release_all() {
    closed_ = true;
    round_.cancel();
    change_.cancel();
    tell_(list_.take_all());
}

}  // namespace together::roled
