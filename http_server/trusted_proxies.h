// SPDX-License-Identifier: Apache-2.0
// The proxies whose word about a client's address counts. Immutable once the server runs, so any
// thread may ask.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "common/system/result.h"
#include "http_server/message.h"

namespace together::http {

// An IPv4 client of a socket that takes both is an IPv4 client.
boost::asio::ip::address unmapped(const boost::asio::ip::address& address);

class TrustedProxies {
  public:
    using Address = boost::asio::ip::address;

    // "192.0.2.1", "192.0.2.0/24" or "2001:db8::/64", several with commas between them.
    static Result<TrustedProxies> parse(std::string_view list);

    bool contains(const Address& address) const;

    // Whose request it is: the peer's, or where that is a trusted proxy, who is named last in
    // X-Forwarded-For by a proxy that is trusted. What stands before that, a client may have
    // written.
    std::string client_of(const Address& peer, const Request& request) const;

  private:
    struct Network {
        Address address;
        unsigned bits;
    };
    static Result<Network> network_of(std::string_view text);

    std::vector<Network> networks_;
};

}  // namespace together::http
