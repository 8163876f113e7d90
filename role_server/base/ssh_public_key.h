// SPDX-License-Identifier: Apache-2.0
// What may be the public key of a person. Pure.
#pragma once

#include <string>
#include <string_view>

#include "role_server/base/errors.h"

namespace together::roled {

struct SshPublicKey {
    std::string text;         // "ssh-ed25519 AAAA…", without comment
    std::string fingerprint;  // "SHA256:…", as ssh-keygen -l says it
    std::string comment;
};

// A line of a .pub file: ed25519, ecdsa, their sk- kinds, RSA from 3072 bits. No options, which
// would be sshd's to obey; no certificates, which the key of somebody else would vouch for; no DSA.
// The blob must be well-formed and of the kind that the line says.
Outcome<SshPublicKey> read_ssh_public_key(std::string_view line);

}  // namespace together::roled
