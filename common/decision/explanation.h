// SPDX-License-Identifier: Apache-2.0
// The wording of every answer: one place for what people read.
#pragma once

#include <string>
#include <vector>

#include "common/config/config.h"
#include "common/decision/decision.h"

namespace together {

// For the person who is refused: who, what, why, what to do next. Empty where the gate lets the
// subject in. One line for each sentence group; no secret.
std::string message_for_user(const Decision& decision);

// On the terminals of one who left the roster, before what is theirs on this node is ended; and to
// one who is back before that.
std::string farewell(const std::string& login, const Config& config);
std::string welcome_back(const std::string& login, const Config& config);

// Said after a refusal of what needs an Admin, in a Kubernetes namespace that is not the project's.
std::string where_members_work(const std::vector<std::string>& namespaces);

// "2h old", "at least 2h old (this node's clock was set back)".
std::string age_text(Nanoseconds at_least, bool uncertain);

// What check and explain say beside the verdict: the row of docs/decision-table.md in words; where
// the roster decided, how that stood instead ("on a fresh roster"), since the reason says the row.
std::string row_of(const Decision& decision);

// "alice" or "uid 10001", for messages.
std::string subject_of(const Decision& decision);

}  // namespace together
