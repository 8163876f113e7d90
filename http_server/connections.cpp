// SPDX-License-Identifier: Apache-2.0
#include "http_server/connections.h"

namespace together::http {
namespace {

namespace ip = boost::asio::ip;

// Those that wait for news were answered long ago, too: not all of them are looked at for each
// client that knocks.
constexpr std::size_t max_looked_at = 64;

ip::address counted_as(const ip::address& peer) {
    auto client = unmapped(peer);
    if (!client.is_v6()) return client;
    auto bytes = client.to_v6().to_bytes();
    std::fill(bytes.begin() + bytes.size() / 2, bytes.end(), static_cast<unsigned char>(0));
    return ip::address_v6(bytes);
}

}  // namespace

bool Connections::make_room(const Address& peer) {
    const auto address = counted_as(peer);
    const auto of_address = of_address_.find(address);
    const bool has_its_share = of_address != of_address_.end() && !proxies_.contains(peer) &&
                               (of_address->second >= limits_.of_an_address ||
                                strangers_of_[address].size() >= limits_.strangers_of_an_address);
    if (!has_its_share && open_.size() < limits_.all) return true;
    const auto& strangers = has_its_share ? strangers_of_[address] : strangers_;
    if (strangers.empty()) return !has_its_share && close_a_trusted_one();
    auto& oldest = *strangers.begin()->second;
    // Its last operation ends later: until then it is not counted.
    remove(oldest);
    oldest.close();
    return true;
}

bool Connections::close_a_trusted_one() {
    return close_a_trusted_one(&LiveConnection::close_if_idle) ||
           close_a_trusted_one(&LiveConnection::close_if_slow);
}

bool Connections::close_a_trusted_one(bool (LiveConnection::*close_if)()) {
    std::size_t looked_at = 0;
    for (const auto& answered : trusted_) {
        auto& connection = *answered.second;
        if (++looked_at > max_looked_at) return false;
        if (!(connection.*close_if)()) continue;
        remove(connection);
        return true;
    }
    return false;
}

void Connections::add(LiveConnection& connection, const Address& peer) {
    const Entry entry{counted_as(peer), ++last_number_, 0};
    open_.emplace(&connection, entry);
    ++of_address_[entry.peer];
    strangers_.emplace(entry.number, &connection);
    strangers_of_[entry.peer].emplace(entry.number, &connection);
}

void Connections::remove(LiveConnection& connection) {
    const auto found = open_.find(&connection);
    if (found == open_.end()) return;
    const Entry entry = found->second;
    open_.erase(found);
    forget(entry);
    const auto count = of_address_.find(entry.peer);
    if (--count->second > 0) return;
    of_address_.erase(count);
    strangers_of_.erase(entry.peer);
}

void Connections::trust(LiveConnection& connection, bool trusted) {
    const auto found = open_.find(&connection);
    if (found == open_.end()) return;
    Entry& entry = found->second;
    forget(entry);
    if (trusted) {
        entry.answered = ++answers_;
        trusted_.emplace(entry.answered, &connection);
        return;
    }
    strangers_.emplace(entry.number, &connection);
    strangers_of_[entry.peer].emplace(entry.number, &connection);
}

void Connections::forget(const Entry& entry) {
    trusted_.erase(entry.answered);
    strangers_.erase(entry.number);
    if (const auto of = strangers_of_.find(entry.peer); of != strangers_of_.end())
        of->second.erase(entry.number);
}

void Connections::close_idle() {
    // A copy: closing may end a connection, which removes itself.
    for (const auto& [connection, entry] : std::map(open_))
        if (open_.count(connection) > 0) connection->close_if_idle();
}

}  // namespace together::http
