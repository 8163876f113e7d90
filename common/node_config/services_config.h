// SPDX-License-Identifier: Apache-2.0
// Sections [kubernetes] and [http]: where together-authorizer answers, and whom.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/node_config/section_key.h"

namespace together {

struct KubernetesConfig {
    std::string listen;  // ADDRESS:PORT; empty: off
    std::string tls_cert;
    std::string tls_key;
    std::string client_ca;  // empty: clients need no certificate
    std::string username_prefix = "together:";
    std::vector<std::string> namespaces;  // patterns of common/kubernetes/policy.h; empty: none

    bool operator==(const KubernetesConfig&) const = default;
};

struct HttpConfig {
    std::string listen;    // ADDRESS:PORT or unix:PATH; empty: off
    std::string map_file;  // empty: none

    bool operator==(const HttpConfig&) const = default;
};

// "127.0.0.1:80" or "[::1]:80", told apart; nothing where it is none of the two.
struct AddressAndPort {
    std::string address;
    unsigned short port = 0;
};
std::optional<AddressAndPort> address_and_port(std::string_view text);
// The path of unix:PATH; nothing where it is an address.
std::optional<std::string> socket_path(std::string_view listen);

std::span<const SectionKey<KubernetesConfig>> kubernetes_keys();
std::span<const SectionKey<HttpConfig>> http_keys();

// Of its keys together.
std::optional<std::string> what_is_wrong_with(const KubernetesConfig& kubernetes);

}  // namespace together
