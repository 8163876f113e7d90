// SPDX-License-Identifier: Apache-2.0
#include "role_server/access/credentials.h"

#include <boost/crc.hpp>

#include "role_server/base/crypto.h"

namespace together::roled {
namespace {

constexpr std::size_t prefix_size = 4;
constexpr std::size_t lookup_size = 12;
constexpr std::size_t secret_size = 30;
constexpr std::size_t checksum_size = 6;
constexpr std::size_t token_size = prefix_size + lookup_size + secret_size + checksum_size;

std::string checksum(std::string_view text) {
    boost::crc_32_type crc;
    crc.process_bytes(text.data(), text.size());
    return base62(crc.checksum(), checksum_size);
}

std::string_view prefix_of(KeyKind kind) {
    switch (kind) {
        case KeyKind::user:
            return "tgu_";
        case KeyKind::project:
            return "tgp_";
        case KeyKind::node:
            return "tgn_";
        case KeyKind::invitation:
            return "tgi_";
    }
    return "";
}

std::optional<KeyKind> kind_of(std::string_view prefix) {
    for (const auto kind : {KeyKind::user, KeyKind::project, KeyKind::node, KeyKind::invitation})
        if (prefix == prefix_of(kind)) return kind;
    return std::nullopt;
}

std::string id_of(KeyKind kind, std::string_view lookup) {
    return (kind == KeyKind::invitation ? "inv_" : "key_") + std::string(lookup);
}

bool all_base62(std::string_view text) {
    return text.find_first_not_of(base62_alphabet) == std::string_view::npos;
}

}  // namespace

std::string_view word_for(KeyKind kind) {
    switch (kind) {
        case KeyKind::user:
            return "user";
        case KeyKind::project:
            return "project";
        case KeyKind::node:
            return "node";
        case KeyKind::invitation:
            return "invitation";
    }
    return "";
}

NewKey mint(KeyKind kind) {
    const auto lookup = random_base62(lookup_size);
    const auto secret = random_base62(secret_size);
    const auto body = std::string(prefix_of(kind)) + lookup + secret;
    return {id_of(kind, lookup), body + checksum(body), sha256_hex(secret)};
}

std::optional<PresentedKey> read_token(std::string_view token) {
    if (token.size() != token_size || !all_base62(token.substr(prefix_size))) return std::nullopt;
    const auto kind = kind_of(token.substr(0, prefix_size));
    const auto body = token.substr(0, token_size - checksum_size);
    if (!kind || token.substr(body.size()) != checksum(body)) return std::nullopt;
    return PresentedKey{*kind, id_of(*kind, token.substr(prefix_size, lookup_size)),
                        sha256_hex(token.substr(prefix_size + lookup_size, secret_size))};
}

}  // namespace together::roled
