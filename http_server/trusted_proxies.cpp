// SPDX-License-Identifier: Apache-2.0
#include "http_server/trusted_proxies.h"

#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/address_v6.hpp>
#include <cstddef>
#include <optional>

#include "common/system/parse_number.h"
#include "common/system/trimmed.h"

namespace together::http {
namespace {

namespace ip = boost::asio::ip;

std::optional<ip::address> address_of(std::string_view text) {
    boost::system::error_code error;
    const auto address = ip::make_address(std::string(text), error);
    if (error) return std::nullopt;
    return unmapped(address);
}

template <class Bytes>
bool begins_alike(const Bytes& left, const Bytes& right, unsigned bits) {
    for (std::size_t i = 0; i < left.size() && bits > 0; ++i) {
        const unsigned here = std::min(bits, 8U);
        if (((left[i] ^ right[i]) >> (8 - here)) != 0) return false;
        bits -= here;
    }
    return true;
}

}  // namespace

ip::address unmapped(const ip::address& address) {
    if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
    return ip::make_address_v4(ip::v4_mapped, address.to_v6());
}

Result<TrustedProxies::Network> TrustedProxies::network_of(std::string_view text) {
    const auto slash = text.find('/');
    const auto address = address_of(text.substr(0, slash));
    const auto refused = failure("'" + std::string(text) +
                                 "' is not of the form 192.0.2.1, 192.0.2.0/24 or 2001:db8::/64");
    if (!address) return refused;
    const unsigned all = address->is_v4() ? 32 : 128;
    if (slash == std::string_view::npos) return Network{*address, all};
    const auto bits = parse_number<unsigned>(text.substr(slash + 1));
    if (!bits || *bits > all) return refused;
    return Network{*address, *bits};
}

Result<TrustedProxies> TrustedProxies::parse(std::string_view list) {
    TrustedProxies proxies;
    while (true) {
        const auto comma = list.find(',');
        const auto network = network_of(trimmed(list.substr(0, comma)));
        if (!network) return tl::unexpected(network.error());
        proxies.networks_.push_back(*network);
        if (comma == std::string_view::npos) return proxies;
        list.remove_prefix(comma + 1);
    }
}

bool TrustedProxies::contains(const Address& address) const {
    const auto asked = unmapped(address);
    for (const auto& [network, bits] : networks_) {
        if (network.is_v4() != asked.is_v4()) continue;
        if (asked.is_v4()
                ? begins_alike(asked.to_v4().to_bytes(), network.to_v4().to_bytes(), bits)
                : begins_alike(asked.to_v6().to_bytes(), network.to_v6().to_bytes(), bits))
            return true;
    }
    return false;
}

std::string TrustedProxies::client_of(const Address& peer, const Request& request) const {
    auto client = unmapped(peer);
    const auto forwarded = contains(client) ? header(request, "x-forwarded-for") : std::nullopt;
    if (!forwarded) return client.to_string();
    std::string_view rest = *forwarded;
    while (contains(client) && !rest.empty()) {
        const auto comma = rest.rfind(',');
        const auto from = comma == std::string_view::npos ? 0 : comma + 1;
        const auto named = address_of(trimmed(rest.substr(from)));
        if (!named) break;
        client = *named;
        rest = rest.substr(0, from == 0 ? 0 : comma);
    }
    return client.to_string();
}

}  // namespace together::http
