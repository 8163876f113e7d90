// SPDX-License-Identifier: Apache-2.0
// The wording of every answer: one place for what people read and what logs carry.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/decision/decision.h"

namespace together {

// For the person who is refused: who, what, why, what to do next. Empty where the gate lets the
// subject in. One line for each sentence group; no secret.
std::string message_for_user(const Decision& decision);

// "2h old", "at least 2h old (this node's clock was set back)".
std::string age_text(Nanoseconds at_least, bool uncertain);

// The row of the decision table, for `togetherctl explain`.
std::string row_of(const Decision& decision);

// "alice" or "uid 10001", for messages.
std::string subject_of(const Decision& decision);

// One key=value; values are escaped when rendered.
struct LogField {
    std::string_view key;
    std::string value;
};

// Who asked, and through what: what the program that loads an adapter knows.
struct CallOrigin {
    std::string service;
    std::string rhost;
    long pid = 0;
    std::int64_t took_us = 0;
};

// The log line of a decision: login, uid, service, rhost, pid, action, verdict, reason, role,
// project, revision, age, took_us, then what else there is to say. "-" stands for unknown.
std::string log_line(const Decision& decision, const CallOrigin& request);

// key=value, the value quoted where it has blanks, control characters and bytes beyond ASCII
// escaped as \xNN: a log line is one line whatever a client called itself.
void append_field(std::string& line, std::string_view key, std::string_view value);

}  // namespace together
