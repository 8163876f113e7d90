// SPDX-License-Identifier: Apache-2.0
#include "role_server/server/deliveries.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

namespace together::roled {

void Deliveries::add(std::shared_ptr<const http::Response> response, Askers askers,
                     std::function<void()> delivered) {
    if (askers.empty()) return;
    if (askers.size() == 1) {
        askers.front()->on_answer(response);
        return delivered();
    }
    under_way_.push_back({std::move(response), std::move(askers), std::move(delivered)});
    if (under_way_.size() > 1) return;
    last_turn_ = now_();
    take_turn();
}

void Deliveries::take_turn() {
    auto& [response, askers, delivered, done] = under_way_.front();
    const auto began = now_();
    const auto end = began + std::max<Time::duration>(turn, (began - last_turn_) / others_part);
    do std::exchange(askers[done++], nullptr)->on_answer(response);
    while (done < askers.size() && now_() < end);
    if (done == askers.size()) {
        delivered();
        under_way_.pop_front();
    }
    if (under_way_.empty()) return;
    last_turn_ = now_();
    boost::asio::post(io_, [this] { take_turn(); });
}

}  // namespace together::roled
