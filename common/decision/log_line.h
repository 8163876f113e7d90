// SPDX-License-Identifier: Apache-2.0
// What the log carries of a decision.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/decision/decision.h"

namespace together {

// Who asked, and through what: what the program that loads an adapter knows.
struct CallOrigin {
    std::string service;
    std::string rhost;
    long pid = 0;
    std::int64_t took_us = 0;
};

// The log line of a decision: login, uid, service, rhost, pid, action, verdict, reason, role,
// project, revision, age, took_us, then what else there is to say. "-" stands for unknown.
std::string log_line(const Decision& decision, const CallOrigin& origin);

// key=value, the value quoted where it has blanks, control characters and bytes beyond ASCII
// escaped as \xNN: a log line is one line whatever a client called itself.
void append_field(std::string& line, std::string_view key, std::string_view value);

}  // namespace together
