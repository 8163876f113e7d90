// SPDX-License-Identifier: Apache-2.0
#include "http_server/two_step_stop.h"

#include <algorithm>
#include <csignal>
#include <utility>

namespace together::http {
namespace {

using Error = boost::system::error_code;

constexpr std::chrono::seconds max_stop{10};

}  // namespace

TwoStepStop::TwoStepStop(boost::asio::io_context& io, std::vector<Served> served, Backend& backend,
                         std::chrono::milliseconds drain, std::function<void()> begin)
    : io_(io),
      served_(std::move(served)),
      backend_(backend),
      drain_(drain),
      begin_(std::move(begin)),
      signals_(io, SIGTERM, SIGINT),
      timer_(io) {
    signals_.async_wait([this](const Error& error, int) {
        if (!error) this->begin();
    });
}

void TwoStepStop::begin() {
    backend_.report("stopping");
    begin_();
    timer_.expires_after(drain_);
    timer_.async_wait([this](const Error&) { stop_listening(); });
}

void TwoStepStop::stop_listening() {
    for (const auto& one : served_) one.listener.stop();
    give_up_at_ = std::chrono::steady_clock::now() + max_stop;
    wait_for_the_last();
}

void TwoStepStop::wait_for_the_last() {
    for (const auto& one : served_) one.open.close_idle();
    if (std::all_of(served_.begin(), served_.end(),
                    [](const Served& one) { return one.open.empty(); }))
        return io_.stop();
    if (std::chrono::steady_clock::now() >= give_up_at_) {
        backend_.report("connections are still open and are closed now");
        return io_.stop();
    }
    timer_.expires_after(std::chrono::milliseconds(20));
    timer_.async_wait([this](const Error&) { wait_for_the_last(); });
}

}  // namespace together::http
