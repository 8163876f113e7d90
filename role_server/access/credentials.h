// SPDX-License-Identifier: Apache-2.0
// The form of bearer tokens: prefix, look-up id (12), secret (30), checksum (6), all base62, as in
//   tgn_ 8sK2mZpQ4xYb ktDnVw3rQe7LmXc9GfHs1PzUa5YbJo 0aZ3kQ
// The prefix says whose it is and lets scanners find leaked ones; the CRC32 lets a mistyped or
// made-up token be refused without asking the database; the secret alone is secret, and only its
// SHA-256 is stored (at 178 random bits a slow hash would protect nothing and cost each poll).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace together::roled {

enum class KeyKind { user, project, node, invitation };

// "user", "project", "node", as stored, or "invitation".
std::string_view word_for(KeyKind kind);

struct NewKey {
    std::string id;           // key_ or, of an invitation, inv_, and the look-up id
    std::string token;        // to be shown once
    std::string secret_hash;  // to be stored
};
NewKey mint(KeyKind kind);

struct PresentedKey {
    KeyKind kind;
    std::string id;
    std::string secret_hash;
};
// Nothing where the form or the checksum is wrong.
std::optional<PresentedKey> read_token(std::string_view token);

}  // namespace together::roled
