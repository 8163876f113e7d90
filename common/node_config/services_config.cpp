// SPDX-License-Identifier: Apache-2.0
#include "common/node_config/services_config.h"

#include <arpa/inet.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "common/config/config_values.h"
#include "common/config/word_list.h"
#include "common/roles/identifiers.h"
#include "common/system/parse_number.h"

namespace together {
namespace {

using Problem = std::optional<std::string>;

constexpr std::string_view unix_scheme = "unix:";

bool is_address(const std::string& text) {
    in_addr v4{};
    in6_addr v6{};
    return ::inet_pton(AF_INET, text.c_str(), &v4) == 1 ||
           ::inet_pton(AF_INET6, text.c_str(), &v6) == 1;
}

bool is_loopback(const std::string& address) {
    return address == "::1" || (address.starts_with("127.") && is_address(address));
}

// RFC 1123's label, or the beginning of one with a star.
bool is_namespace_pattern(std::string_view text) {
    constexpr std::size_t max_namespace = 63;
    if (text.ends_with('*')) text.remove_suffix(1);
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    };
    return !text.empty() && text.size() <= max_namespace && text.front() != '-' &&
           std::all_of(text.begin(), text.end(), fits);
}

}  // namespace

std::optional<AddressAndPort> address_and_port(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == text.npos) return std::nullopt;
    auto address = text.substr(0, colon);
    const auto port = parse_number<std::uint16_t>(text.substr(colon + 1));
    if (!port || *port == 0) return std::nullopt;
    const bool in_brackets = address.starts_with('[') && address.ends_with(']');
    if (in_brackets) address = address.substr(1, address.size() - 2);
    if (in_brackets != (address.find(':') != address.npos) || !is_address(std::string(address)))
        return std::nullopt;
    return AddressAndPort{std::string(address), *port};
}

std::optional<std::string> socket_path(std::string_view listen) {
    if (!listen.starts_with(unix_scheme)) return std::nullopt;
    return std::string(listen.substr(unix_scheme.size()));
}

namespace {

Problem set_listen(KubernetesConfig& kubernetes, std::string_view value) {
    if (value != "off" && !address_and_port(value))
        return "not of the form 127.0.0.1:9443 or [::1]:9443, nor off";
    kubernetes.listen = value == "off" ? "" : value;
    return std::nullopt;
}

Problem set_username_prefix(KubernetesConfig& kubernetes, std::string_view value) {
    if (!is_printable(value) || value.find(' ') != value.npos)
        return "has blanks or control characters";
    if (value.starts_with("system:")) return "system: is Kubernetes' own";
    kubernetes.username_prefix = value;
    return std::nullopt;
}

Problem set_namespaces(KubernetesConfig& kubernetes, std::string_view value) {
    std::vector<std::string> namespaces;
    for (const auto word : words_of(value)) {
        if (!is_namespace_pattern(word))
            return "\"" + std::string(word) + "\" is no namespace, nor the beginning of one and *";
        if (word.starts_with("kube-"))
            return "\"" + std::string(word) + "\": namespaces of kube- are Kubernetes' own";
        namespaces.emplace_back(word);
    }
    kubernetes.namespaces = std::move(namespaces);
    return std::nullopt;
}

Problem set_listen(HttpConfig& http, std::string_view value) {
    const auto path = socket_path(value);
    if (path && (!path->starts_with('/') || path->size() >= sizeof(sockaddr_un::sun_path)))
        return "not an absolute path of at most 107 bytes";
    const auto at = address_and_port(value);
    if (value != "off" && !path && !at)
        return "not of the form unix:/PATH, 127.0.0.1:9480 or [::1]:9480, nor off";
    // Whoever reaches it says who the user is.
    if (at && !is_loopback(at->address)) return "must be a path or a loopback address";
    http.listen = value == "off" ? "" : value;
    return std::nullopt;
}

std::string show_listen(const std::string& listen) {
    return listen.empty() ? "off" : listen;
}

std::string show_namespaces(const KubernetesConfig& kubernetes) {
    return joined_words(kubernetes.namespaces);
}

constexpr std::array keys_of_kubernetes = std::to_array<SectionKey<KubernetesConfig>>({
    {"listen", set_listen, [](const KubernetesConfig& c) { return show_listen(c.listen); }},
    {"tls_cert", [](KubernetesConfig& c, std::string_view v) { return set_path(c.tls_cert, v); },
     [](const KubernetesConfig& c) { return c.tls_cert; }},
    {"tls_key", [](KubernetesConfig& c, std::string_view v) { return set_path(c.tls_key, v); },
     [](const KubernetesConfig& c) { return c.tls_key; }},
    {"client_ca", [](KubernetesConfig& c, std::string_view v) { return set_path(c.client_ca, v); },
     [](const KubernetesConfig& c) { return c.client_ca; }},
    {"username_prefix", set_username_prefix,
     [](const KubernetesConfig& c) { return c.username_prefix; }},
    {"namespaces", set_namespaces, show_namespaces},
});

constexpr std::array keys_of_http = std::to_array<SectionKey<HttpConfig>>({
    {"listen", set_listen, [](const HttpConfig& c) { return show_listen(c.listen); }},
    {"map_file", [](HttpConfig& c, std::string_view v) { return set_path(c.map_file, v); },
     [](const HttpConfig& c) { return c.map_file; }},
});

}  // namespace

std::span<const SectionKey<KubernetesConfig>> kubernetes_keys() {
    return keys_of_kubernetes;
}

std::span<const SectionKey<HttpConfig>> http_keys() {
    return keys_of_http;
}

Problem what_is_wrong_with(const KubernetesConfig& kubernetes) {
    if (kubernetes.listen.empty()) return std::nullopt;
    if (kubernetes.tls_cert.empty()) return "[kubernetes] tls_cert is missing";
    if (kubernetes.tls_key.empty()) return "[kubernetes] tls_key is missing";
    if (kubernetes.client_ca.empty() && !is_loopback(address_and_port(kubernetes.listen)->address))
        return "[kubernetes] listen is reached by other machines: that needs a client_ca";
    return std::nullopt;
}

}  // namespace together
