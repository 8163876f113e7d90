// SPDX-License-Identifier: Apache-2.0
#include "common/config/base_url.h"

#include <arpa/inet.h>

#include <algorithm>

#include "common/roles/identifiers.h"

namespace together {
namespace {

std::string_view authority_of(std::string_view after_scheme) {
    return after_scheme.substr(0, after_scheme.find('/'));
}

bool has_good_port(std::string_view authority) {
    if (authority.starts_with('['))  // an IPv6 address has colons of its own
        authority.remove_prefix(std::min(authority.find(']'), authority.size()));
    const auto colon = authority.find(':');
    if (colon == authority.npos) return true;
    const auto port = authority.substr(colon + 1);
    return is_digits(port) && port.size() <= 5;
}

// Only an address: "localhost" is a name, and who answers for a name is the name service's choice.
bool is_loopback_address(std::string_view authority) {
    if (authority.starts_with("[::1]")) {
        authority.remove_prefix(5);
        return authority.empty() || authority.front() == ':';
    }
    const std::string host(authority.substr(0, authority.find(':')));
    in_addr address{};
    return ::inet_pton(AF_INET, host.c_str(), &address) == 1 &&
           (ntohl(address.s_addr) >> 24) == 127;
}

Result<void> check_network_url(std::string_view after_scheme, bool encrypted) {
    const auto authority = authority_of(after_scheme);
    if (authority.empty() || authority.front() == ':') return failure("no host in it");
    if (authority.find('@') != authority.npos)
        return failure("a name or password does not belong here; the token has a file of its own");
    if (!has_good_port(authority)) return failure("its port is not a number");
    if (!encrypted && !is_loopback_address(authority))
        return failure(
            "plain http is for a loopback address such as 127.0.0.1 or [::1] only; write https://");
    return {};
}

}  // namespace

Result<std::string> parse_base_url(std::string_view text) {
    if (!is_printable(text) || text.find_first_of(" ?#\"\\<>") != text.npos)
        return failure("not a plain URL (no blanks, no ? and no #)");
    if (text.starts_with("file:///")) {
        if (text.ends_with('/')) return failure("names a folder, not a file");
        return std::string(text);
    }
    while (text.ends_with('/')) text.remove_suffix(1);
    for (const std::string_view scheme : {"https://", "http://"}) {
        if (!text.starts_with(scheme)) continue;
        if (auto checked = check_network_url(text.substr(scheme.size()), scheme == "https://");
            !checked)
            return tl::make_unexpected(checked.error());
        return std::string(text);
    }
    return failure("must begin with https://, http:// (loopback only) or file:///");
}

}  // namespace together
