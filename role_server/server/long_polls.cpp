// SPDX-License-Identifier: Apache-2.0
#include "role_server/server/long_polls.h"

#include <chrono>
#include <utility>

namespace together::roled {
namespace {

constexpr std::chrono::milliseconds round_time{200};

}  // namespace

LongPolls::LongPolls(boost::asio::io_context& io, std::size_t most, Look look)
    : list_(most), look_(std::move(look)), timer_(io) {}

std::optional<LongPollList::Ticket> LongPolls::add(const LongPoll& poll, LongPollList::Wake wake) {
    if (closed_) return std::nullopt;
    const auto ticket = list_.add(poll, std::chrono::steady_clock::now(), std::move(wake));
    if (!ticking_) schedule();
    return ticket;
}

void LongPolls::release_all() {
    closed_ = true;
    timer_.cancel();
    for (const auto& wake : list_.take_all()) wake();
}

void LongPolls::schedule() {
    ticking_ = true;
    timer_.expires_after(round_time);
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        round();
    });
}

void LongPolls::round() {
    ticking_ = false;
    for (const auto& wake : list_.take_due(std::chrono::steady_clock::now())) wake();
    if (list_.empty() || closed_) return;
    if (!looking_) look();
    if (!ticking_) schedule();
}

void LongPolls::look() {
    looking_ = true;
    look_(list_.projects(), [this](const Revisions& current) {
        looking_ = false;
        list_.compare(current);
    });
}

}  // namespace together::roled
