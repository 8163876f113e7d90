// SPDX-License-Identifier: Apache-2.0
#include "role_server/base/ssh_public_key.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <vector>

#include "common/roles/identifiers.h"

namespace together::roled {
namespace {

constexpr std::size_t max_line = 8192;
constexpr std::size_t min_rsa_bits = 3072;
constexpr std::size_t max_rsa_bits = 16384;

using Bytes = std::vector<unsigned char>;

// The parts of a blob behind its kind: RFC 4253, 6.6, RFC 5656, 3.1, RFC 8709, 4, and OpenSSH's
// PROTOCOL.u2f.
struct Kind {
    std::string_view name;
    std::string_view curve;  // of ecdsa: repeated in the blob
    std::size_t point;       // bytes of the public key; 0: RSA
    bool application;        // sk-: a name of the application follows
};
constexpr std::array kinds = std::to_array<Kind>({
    {"ssh-ed25519", "", 32, false},
    {"ecdsa-sha2-nistp256", "nistp256", 65, false},
    {"ecdsa-sha2-nistp384", "nistp384", 97, false},
    {"ecdsa-sha2-nistp521", "nistp521", 133, false},
    {"sk-ssh-ed25519@openssh.com", "", 32, true},
    {"sk-ecdsa-sha2-nistp256@openssh.com", "nistp256", 65, true},
    {"ssh-rsa", "", 0, false},
});

Refusal no_key(const std::string& why) {
    return bad_request("invalid_ssh_key",
                       "That is no public key to log in with: " + why +
                           ". Send the one line of a .pub file: ed25519, ecdsa, sk-, or RSA with "
                           "3072 bits or more.",
                       "public_key");
}

std::optional<Bytes> from_base64(std::string_view text) {
    if (text.empty() || text.size() % 4 != 0) return std::nullopt;
    Bytes bytes(text.size() / 4 * 3);
    const int length =
        EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(text.data()),
                        static_cast<int>(text.size()));
    if (length < 0) return std::nullopt;
    const auto padding = static_cast<std::size_t>(std::count(text.end() - 2, text.end(), '='));
    bytes.resize(static_cast<std::size_t>(length) - padding);
    return bytes;
}

std::string to_base64(const unsigned char* data, std::size_t size) {
    std::string text((size + 2) / 3 * 4 + 1, '\0');
    const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), data,
                                       static_cast<int>(size));
    text.resize(static_cast<std::size_t>(length));
    return text;
}

// Takes a string with its length before it off the front.
std::optional<std::string_view> take(std::string_view& blob) {
    if (blob.size() < 4) return std::nullopt;
    std::uint32_t length = 0;
    for (const char c : blob.substr(0, 4)) length = length << 8 | static_cast<unsigned char>(c);
    blob.remove_prefix(4);
    if (length > blob.size()) return std::nullopt;
    const auto part = blob.substr(0, length);
    blob.remove_prefix(length);
    return part;
}

std::size_t bits_of(std::string_view number) {
    while (!number.empty() && number.front() == '\0') number.remove_prefix(1);
    if (number.empty()) return 0;
    const auto zeros = std::countl_zero(static_cast<unsigned char>(number.front()));
    return number.size() * 8 - static_cast<std::size_t>(zeros);
}

// A number of SSH is positive and without leading zeros but the one that keeps it positive.
bool is_canonical(std::string_view number) {
    if (number.empty() || static_cast<unsigned char>(number.front()) >= 0x80) return false;
    return number.front() != '\0' ||
           (number.size() > 1 && static_cast<unsigned char>(number[1]) >= 0x80);
}

std::optional<std::string> fault_in_rsa(std::string_view& blob) {
    const auto exponent = take(blob);
    const auto modulus = take(blob);
    if (!exponent || !modulus || !is_canonical(*exponent) || !is_canonical(*modulus))
        return "its numbers are not well-formed";
    const auto bits = bits_of(*modulus);
    if (bits < min_rsa_bits || bits > max_rsa_bits)
        return "an RSA key of " + std::to_string(bits) + " bits";
    const auto last = static_cast<unsigned char>(exponent->back());
    if (bits_of(*exponent) < 2 || (last & 1) == 0) return "its exponent is not one of RSA";
    return std::nullopt;
}

std::optional<std::string> fault_in(std::string_view blob, const Kind& kind) {
    const auto name = take(blob);
    if (!name || *name != kind.name) return "its text and its kind do not belong together";
    if (kind.point == 0) {
        if (auto fault = fault_in_rsa(blob)) return fault;
    } else {
        if (!kind.curve.empty() && take(blob) != kind.curve) return "it names another curve";
        const auto point = take(blob);
        if (!point || point->size() != kind.point) return "its length is wrong";
        // Uncompressed, the one form that OpenSSH writes.
        if (!kind.curve.empty() && point->front() != 4) return "its point is not well-formed";
        if (kind.application && !take(blob)) return "it names no application";
    }
    if (!blob.empty()) return "something follows it";
    return std::nullopt;
}

std::string fingerprint_of(const Bytes& blob) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    (void)EVP_Digest(blob.data(), blob.size(), digest.data(), &size, EVP_sha256(), nullptr);
    auto text = to_base64(digest.data(), size);
    while (text.ends_with('=')) text.pop_back();
    return "SHA256:" + text;
}

std::string_view take_word(std::string_view& line) {
    const auto word = line.substr(0, line.find_first_of(" \t"));
    line.remove_prefix(word.size());
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    return word;
}

}  // namespace

Outcome<SshPublicKey> read_ssh_public_key(std::string_view line) {
    if (line.size() > max_line) return no_key("it is longer than 8 KiB");
    while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
    if (!is_utf8(line) || !is_printable(line)) return no_key("it is more than one line of text");
    const auto name = take_word(line);
    const auto* kind =
        std::find_if(kinds.begin(), kinds.end(), [&](const Kind& one) { return one.name == name; });
    if (kind == kinds.end())
        return no_key("it begins with '" + std::string(name.substr(0, 40)) + "'");
    const auto encoded = take_word(line);
    const auto blob = from_base64(encoded);
    if (!blob) return no_key("its second word is no Base64");
    const std::string_view bytes(reinterpret_cast<const char*>(blob->data()), blob->size());
    if (const auto fault = fault_in(bytes, *kind)) return no_key(*fault);
    return SshPublicKey{std::string(name) + ' ' + to_base64(blob->data(), blob->size()),
                        fingerprint_of(*blob), std::string(line)};
}

}  // namespace together::roled
