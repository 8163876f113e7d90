// SPDX-License-Identifier: Apache-2.0
#include "role_server/cli/serve_options.h"

#include <cstdint>
#include <cstdlib>

namespace together::roled {
namespace {

// May the address be reached from this machine only?
bool is_loopback(const std::string& address) {
    return address.starts_with("127.") || address == "::1";
}

Result<ListenAddress> listen_address(const char* option, const std::string& listen) {
    const auto colon = listen.rfind(':');
    auto address = listen.substr(0, colon);
    if (address.size() > 2 && address.front() == '[' && address.back() == ']')
        address = address.substr(1, address.size() - 2);
    const auto port = colon == std::string::npos ? std::string() : listen.substr(colon + 1);
    char* end = nullptr;
    const auto number = std::strtoul(port.c_str(), &end, 10);
    if (address.empty() || port.empty() || port[0] < '0' || port[0] > '9' || *end != '\0' ||
        number > 65535)
        return failure(std::string("--") + option + ": '" + listen +
                       "' is not of the form 127.0.0.1:8480 or [::1]:8480");
    return ListenAddress{address, static_cast<std::uint16_t>(number)};
}

}  // namespace

Result<ServeOptions> serve_options(const Options& options) {
    ServeOptions serve;
    const auto path = options.require("db");
    if (!path) return tl::unexpected(path.error());
    serve.db = *path;
    if (const auto listen = options.get("listen")) {
        const auto address = listen_address("listen", *listen);
        if (!address) return tl::unexpected(address.error());
        serve.listen = *address;
    }
    if (const auto metrics = options.get("metrics")) {
        const auto address = listen_address("metrics", *metrics);
        if (!address) return tl::unexpected(address.error());
        serve.metrics = *address;
    }
    serve.tls.chain = options.get("tls-cert").value_or("");
    serve.tls.key = options.get("tls-key").value_or("");
    if (serve.tls.chain.empty() != serve.tls.key.empty())
        return failure("--tls-cert and --tls-key belong together");
    if (serve.tls.key.empty() && !is_loopback(serve.listen.address) &&
        !options.has("allow-plain-http"))
        return failure("plain http on " + serve.listen.address +
                       " would show every token to the network: give --tls-cert and --tls-key");
    if (const auto proxies = options.get("trusted-proxy")) {
        auto parsed = http::TrustedProxies::parse(*proxies);
        if (!parsed) return failure("--trusted-proxy: " + parsed.error().message);
        serve.proxies = std::move(*parsed);
    }
    const auto logs_requests = options.flag("log-requests");
    if (!logs_requests) return tl::unexpected(logs_requests.error());
    serve.logs_requests = *logs_requests;
    const auto waiters = options.number("max-waiters", serve.max_waiters, 1'000'000);
    if (!waiters) return tl::unexpected(waiters.error());
    serve.max_waiters = *waiters;
    const auto per_address = options.number("max-per-address", 0, 1'000'000);
    if (!per_address) return tl::unexpected(per_address.error());
    serve.max_per_address = *per_address;
    const auto unknown =
        options.number("max-unknown-per-address", serve.max_unknown_per_address, 1'000'000);
    if (!unknown) return tl::unexpected(unknown.error());
    if (*unknown == 0) return failure("--max-unknown-per-address: nobody could connect");
    serve.max_unknown_per_address = *unknown;
    const auto drain = options.number("drain-ms", 1000, 600'000);
    if (!drain) return tl::unexpected(drain.error());
    serve.drain = std::chrono::milliseconds(*drain);
    return serve;
}

}  // namespace together::roled
