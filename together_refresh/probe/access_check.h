// SPDX-License-Identifier: Apache-2.0
// together-refresh --check-access: does this node's authority answer, and to this node's token?
// (togetherctl doctor). Writes nothing to the node's state.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/system/result.h"

namespace together {

// What was seen, as togetherctl's doctor_authority.cpp words it.
struct AccessFinding {
    std::string check;   // authority, tls, token, project, clock, revision
    std::string result;  // ok, information, warning, failure; "is" for a mere value
    std::string what;    // in words; may quote the authority
};

// A finding as a note on the pipe; nothing where a note is none.
std::string encode_access(const AccessFinding& finding);
std::optional<AccessFinding> decode_access(std::string_view note);

// A line for each finding on stdout, with tabs between. Returns the exit status: 0 where the
// authority was asked, 2 with a message on stderr where it could not be.
int check_access(const std::string& config_path);

}  // namespace together
