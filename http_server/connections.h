// SPDX-License-Identifier: Apache-2.0
// Those that are open, and which of them goes when there is no room: the oldest that the program
// behind does not trust, a stranger; where there is none, a trusted one that asks nothing and was
// answered longest ago, or else one that is slow to ask. I/O thread only.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstddef>
#include <cstdint>
#include <map>

#include "http_server/trusted_proxies.h"

namespace together::http {

class LiveConnection {
  public:
    virtual ~LiveConnection() = default;
    virtual void close() = 0;
    virtual bool close_if_idle() = 0;  // whether it was
    // Where its client is in the middle of a request, or of taking the answer.
    virtual bool close_if_slow() = 0;
};

class Connections {
  public:
    using Address = boost::asio::ip::address;

    struct Limits {
        std::size_t all;
        // A network of IPv6 whose hosts are one client's (/64) counts as one address.
        std::size_t of_an_address;
        std::size_t strangers_of_an_address;
    };

    // Those of a trusted proxy are many clients': only all together are limited.
    explicit Connections(const Limits& limits, TrustedProxies proxies = {})
        : limits_(limits), proxies_(std::move(proxies)) {}

    // False where all that are open are trusted and wait for an answer, or an address has its share
    // of trusted ones: one more is to be closed at once. May close another one.
    bool make_room(const Address& peer);

    void add(LiveConnection& connection, const Address& peer);
    void remove(LiveConnection& connection);
    // What the last answer on it said.
    void trust(LiveConnection& connection, bool trusted);

    bool empty() const { return open_.empty(); }
    void close_idle();

  private:
    struct Entry {
        Address peer;
        std::uint64_t number = 0;
        std::uint64_t answered = 0;  // where it is trusted
    };
    void forget(const Entry& entry);
    bool close_a_trusted_one();
    bool close_a_trusted_one(bool (LiveConnection::*close_if)());

    const Limits limits_;
    const TrustedProxies proxies_;
    std::uint64_t last_number_ = 0;
    std::uint64_t answers_ = 0;
    std::map<LiveConnection*, Entry> open_;
    std::map<Address, std::size_t> of_address_;
    std::map<std::uint64_t, LiveConnection*> strangers_;  // the oldest first
    // Those of one address, likewise.
    std::map<Address, std::map<std::uint64_t, LiveConnection*>> strangers_of_;
    std::map<std::uint64_t, LiveConnection*> trusted_;  // who was answered longest ago first
};

}  // namespace together::http
